#include "holdfast/operations/drilled_file.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/run_program.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/look_at_expectations.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/sqlite/check_foreign_keys.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::operations {

namespace {

Result<void> look_at_foreign_keys(Context& context, const std::string& path, DrilledDatabase& into) {
    auto connection = TRY(sqlite::Connection::open(path, {.vfs = context.vfs, .immutable = true}));
    const auto found = TRY(sqlite::check_foreign_keys(connection, context.watch));
    for (const auto& finding : found.findings) into.findings.push_back("foreign keys: " + finding);
    return {};
}

void tell_unmet(DrilledDatabase& into) {
    for (const auto& result : into.expectations) {
        if (!result.met) into.findings.push_back(format("expected: {}; {}", printable(result.what), result.why));
    }
}

Result<void> look_at_content(Context& context, const DrilledFile& file, const std::vector<Expectation>& expectations, DrilledDatabase& into) {
    const auto& record = *file.entry.database;
    if (record.page_count == 0) {
        into.expectations = unmet_by_emptiness(expectations);
        tell_unmet(into);
        return {};
    }
    const auto bytes = TRY(sqlite::RawFile::open(file.path, {.vfs = context.vfs}));
    const auto image = sqlite::file_image(bytes, TRY(sqlite::PageSize::from_bytes(record.page_size)), sqlite::PageNumber{record.page_count});
    into.expectations = TRY(look_at_expectations(context, *image, member_before(file.repository, file.before, file.entry.name), expectations));
    tell_unmet(into);
    return {};
}

}  // namespace

Result<std::optional<repository::Snapshot>> whole_backup_before(const repository::Repository& repository, const history::Moment& moment) {
    const auto& now = moment.snapshot;
    auto found = TRY(repository.newest([&](const repository::Snapshot& snapshot) {
        return snapshot.number < now.number && snapshot.source.id == now.source.id && repository::is_ordinary(snapshot.kind) && !snapshot.damaged;
    }));
    return found;
}

Result<std::unique_ptr<sqlite::Image>> image_of_member(const repository::Repository& repository, const std::optional<repository::Snapshot>& snapshot,
                                                       const std::string& name) {
    std::unique_ptr<sqlite::Image> none;
    if (!snapshot) return none;
    const auto at = std::ranges::find(snapshot->members, name, &repository::DirectoryEntry::name);
    if (at == snapshot->members.end() || !at->database) return none;
    return history::open_image(repository, *at);
}

Result<void> look_at_file(Context& context, const DrilledFile& file, const std::vector<Expectation>& expectations, DrilledDatabase& into) {
    const auto keys = look_at_foreign_keys(context, file.path, into);
    TRY(context.watch.go_on());
    if (!keys) into.findings.push_back("foreign keys: " + keys.error().message());
    if (expectations.empty()) return {};
    const auto content = look_at_content(context, file, expectations, into);
    TRY(context.watch.go_on());
    if (!content) into.findings.push_back(content.error().message());
    return {};
}

Result<void> look_at_file_alone(Context& context, const std::string& path, const std::vector<Expectation>& expectations, DrilledDatabase& into) {
    const auto keys = look_at_foreign_keys(context, path, into);
    TRY(context.watch.go_on());
    if (!keys) into.findings.push_back("foreign keys: " + keys.error().message());
    if (expectations.empty()) return {};
    const auto content = live::with_frozen(context.host, path, freeze_options(context),
                                           {.first_look = {}, .use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
                                                into.expectations = TRY(look_at_expectations(context, image, nothing_before(), expectations));
                                                return {};
                                            }});
    TRY(context.watch.go_on());
    if (!content) into.findings.push_back(content.error().message());
    tell_unmet(into);
    return {};
}

DrillRequest with_source_settings(DrillRequest request, const LoadedSettings& loaded, const std::string& source) {
    std::ranges::move(expectations_of(loaded, source), std::back_inserter(request.expectations));
    const auto* own = loaded.source(source);
    if (own == nullptr || own->smoke.empty() || !request.smoke.empty()) return request;
    request.smoke = own->smoke;
    request.smoke_folder = loaded.folder;
    return request;
}

std::vector<Expectation> all_expectations(const DrillRequest& request) {
    auto all = request.expectations;
    for (const auto& sql : request.expect) all.push_back({.sql = sql, .table = {}});
    return all;
}

Result<void> run_smoke(Context& context, const DrillRequest& request, const std::string& path, DrilledDatabase& into) {
    if (request.smoke.empty()) return {};
    constexpr std::size_t tail_size_max = 4096;
    host::OutputTail tail(tail_size_max);
    const auto end = host::run_program({.words = host::shell_words(request.smoke),
                                        .environment = {{"HOLDFAST_DATABASE", path}},
                                        .folder = request.smoke_folder,
                                        .output = host::ProgramOutput::taken_with_errors,
                                        .take = [&](ByteView more) { return tail.take(more); },
                                        .time_ms_max = static_cast<std::int64_t>(std::min<std::uint64_t>(request.smoke_limit_s, 86'400)) * 1000,
                                        .stop = context.watch.stop});
    TRY(context.watch.go_on());
    into.smoke = end ? end->text() : end.error().message();
    if (end && end->is_success()) return {};
    const std::string said = tail.text().empty() ? std::string() : ": " + printable(trim(tail.text()));
    into.findings.push_back(format("the smoke command {}{}", into.smoke, said));
    return {};
}

}  // namespace holdfast::operations
