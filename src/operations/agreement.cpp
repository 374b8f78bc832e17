#include "holdfast/operations/agreement.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/live/freeze.h"
#include "holdfast/operations/check_agreement.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/named_images.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

constexpr int attempts_max = 8;  // as for every freeze

Error none_to_look_at(const std::string& what) {
    return fail(ErrorCode::not_found, "look for agreement: {}", what).with_advice("[[source.NAME.agreement]] in the settings; holdfast settings reference says what stands in it");
}

Result<std::vector<std::string>> sources_meant(const LoadedSettings& loaded, const std::string& source) {
    std::vector<std::string> names;
    for (const auto& [name, settings] : loaded.settings.source) {
        if (!settings.agreement.empty() && (source.empty() || name == source)) names.push_back(name);
    }
    if (!names.empty()) return names;
    return none_to_look_at(source.empty() ? "the settings ask for none" : format("the settings ask for none of {}", printable(source)));
}

// What was in the backup before is worth a look where there is one.
std::unique_ptr<OpenRepository> repository_if_any(Context& context, const AgreementRequest& request, AgreementReport& report) {
    auto opened = open_repository(context, request.repository, {});
    if (opened) return *std::move(opened);
    if (opened.error().code() != ErrorCode::not_found) report.warnings.push_back("what was in the backup before was not looked at: " + opened.error().message());
    return nullptr;
}

// What is there now comes after the newest.
Result<std::optional<EarlierBackups>> backups_until_now(const repository::Repository& repository, const std::string& source) {
    std::optional<EarlierBackups> none;
    auto newest = TRY(repository.newest([&](const auto& snapshot) { return snapshot.source.name == source && repository::is_ordinary(snapshot.kind); }));
    if (!newest) return none;
    ++newest->number.value;
    return std::optional(TRY(EarlierBackups::of(repository, *newest)));
}

Result<std::vector<AgreementResult>> look_live(Context& context, const LoadedSettings& loaded, const std::string& source, OpenRepository* opened) {
    const auto& settings = *loaded.source(source);
    const auto files = files_on_disk(context, {});
    AgreementMatter matter{.databases = {}, .files = *files};
    std::vector<std::unique_ptr<live::Frozen>> frozen;
    for (const auto& name : settings.databases) {
        const auto path = TRY(canonical_database(context, name));
        frozen.push_back(TRY(live::freeze(context.host, path, freeze_options(context))));
        matter.databases.push_back({.path = path, .image = &frozen.back()->image(), .file = path});
    }
    matter.asked = [&]() -> Result<void> {
        for (auto& one : frozen) TRY(one->finish());
        return {};
    };
    std::optional<EarlierBackups> earlier;
    if (opened != nullptr) earlier = TRY(backups_until_now(opened->get(), source));
    if (earlier) matter.before = file_before(context, opened->get(), *earlier);
    return check_agreement(context, {.settings = settings.agreement, .folder = loaded.folder}, matter);
}

// Again when what was read did not belong to one moment.
Result<SourceAgreement> of_live(Context& context, const LoadedSettings& loaded, const std::string& source, OpenRepository* opened) {
    for (int attempt = 1;; ++attempt) {
        auto results = look_live(context, loaded, source, opened);
        if (!results && results.error().code() == ErrorCode::busy && attempt < attempts_max) continue;
        return SourceAgreement{.source = source, .of = std::string(live_word), .number = 0, .agreement = TRY(std::move(results))};
    }
}

Result<SourceAgreement> of_backup(Context& context, const LoadedSettings& loaded, OpenRepository& opened, const SelectionRequest& which) {
    const auto& repository = opened.get();
    const auto selection = TRY(select(context, repository, which));
    const auto number = selection.moment.snapshot.number;
    const auto lease = TRY(repository.lease(number));
    const auto snapshot = TRY(repository.snapshot(number));
    const auto* settings = loaded.source(snapshot.source.name);
    if (settings == nullptr || settings->agreement.empty()) return none_to_look_at(format("the settings ask for none of {}, whose backup #{} is", printable(snapshot.source.name), number.value));
    return SourceAgreement{.source = snapshot.source.name, .of = format("backup #{}", number.value), .number = number.value, .agreement = TRY(agreement_of_backup(context, repository, snapshot, loaded))};
}

}  // namespace

Result<AgreementReport> agreement(Context& context, const AgreementRequest& request) {
    const auto loaded = TRY(load_settings(context, request.repository.settings));
    const auto names = TRY(sources_meant(loaded, request.source));
    AgreementReport report;
    if (request.snapshot == live_word) {
        const auto opened = repository_if_any(context, request, report);
        std::vector<std::string> paths;
        for (const auto& name : names) {
            report.sources.push_back(TRY(of_live(context, loaded, name, opened.get())));
            for (const auto& database : loaded.source(name)->databases) paths.push_back(TRY(canonical_database(context, database)));
        }
        for (auto& told : told_unfinished(context, paths)) report.warnings.push_back(std::move(told));
    } else {
        const auto opened = TRY(open_repository(context, request.repository, {}));
        const bool is_of_each = request.snapshot == "latest";
        for (const auto& name : is_of_each ? names : std::vector{request.source}) {
            report.sources.push_back(TRY(of_backup(context, loaded, *opened, {.snapshot = request.snapshot, .at = {}, .source = name})));
        }
    }
    report.agrees = std::ranges::all_of(report.sources, [](const auto& one) { return std::ranges::all_of(one.agreement, &AgreementResult::is_right); });
    return report;
}

}  // namespace holdfast::operations
