#include "holdfast/operations/drilled_file.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/look_at_expectations.h"
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

Result<void> look_at_content(Context& context, const DrilledFile& file, const std::vector<Expectation>& expectations, DrilledDatabase& into) {
    const auto bytes = TRY(sqlite::RawFile::open(file.path, {.vfs = context.vfs}));
    const auto& record = *file.entry.database;
    const auto image = sqlite::file_image(bytes, TRY(sqlite::PageSize::from_bytes(record.page_size)), sqlite::PageNumber{record.page_count});
    const auto before = TRY(image_of_member(file.repository, file.before, file.entry.name));
    into.expectations = TRY(look_at_expectations(context, *image, before.get(), expectations));
    for (const auto& result : into.expectations) {
        if (!result.met) into.findings.push_back(format("expected: {}; {}", printable(result.what), result.why));
    }
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
    if (expectations.empty() || file.entry.database->page_count == 0) return {};
    const auto content = look_at_content(context, file, expectations, into);
    TRY(context.watch.go_on());
    if (!content) into.findings.push_back(content.error().message());
    return {};
}

}  // namespace holdfast::operations
