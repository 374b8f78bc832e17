#include "holdfast/operations/adopt.h"

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/adoption.h"
#include "holdfast/operations/make_repository.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/temporary_place.h"
#include "holdfast/operations/unlock.h"

namespace holdfast::operations {

namespace {

OpenHow how_to_open(const std::string& database) {
    OpenHow how{.databases = {}, .create_default = true, .low_priority = true};
    if (!database.empty()) how.databases.push_back(database);
    else how.create_default = false;
    return how;
}

// What a real run would make is made where it is soon gone, so that a dry run says all that the real one would.
class Rehearsal {
public:
    // None: a real run opens the repository that is there, or fails.
    static Result<std::optional<Rehearsal>> of(Context& context, const AdoptRequest& request, const OpenHow& how) {
        std::optional<Rehearsal> none;
        if (!request.dry_run) return none;
        const auto place = TRY(find_repository(context, request.repository, how));
        const auto secret = TRY(secret_place(request.repository, place.settings));
        if (place.is_there || !place.is_default || !how.create_default || secret.is_any()) return none;
        Rehearsal rehearsal(place.path, TRY(TemporaryPlace::make(context, {})));
        TRY(make_repository(context, {.path = rehearsal.path(), .unlock = {}}));
        return std::optional(std::move(rehearsal));
    }
    Result<std::unique_ptr<OpenRepository>> open(const Context& outer) const {
        Context context = outer;
        context.audit = nullptr;
        RepositoryRequest request;
        request.repository = path();
        return open_repository(context, request, {.without_cache = true});
    }
    const std::string& meant() const { return meant_; }

private:
    Rehearsal(std::string meant, TemporaryPlace place) : meant_(std::move(meant)), place_(std::move(place)) {}
    std::string path() const { return host::join_path(place_.path(), "repository"); }
    std::string meant_;
    TemporaryPlace place_;
};

// A source that the repository does not have yet is called as the settings call it: by that name they say what must agree.
Result<void> call_as_settings_do(Context& context, OpenRepository& opened, const AdoptRequest& request, Adoption::Plan& plan) {
    if (!plan.past.source.is_new() || !request.source.empty()) return {};
    const auto name = TRY(source_with(context, plan.settings, plan.past.member));
    if (name.empty()) return {};
    const auto is_taken = TRY(opened.get().newest([&](const repository::Snapshot& snapshot) { return snapshot.source.name == name; }));
    if (!is_taken) plan.past.source.record.name = name;
    return {};
}

}  // namespace

Result<AdoptReport> adopt(Context& context, const AdoptRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    const std::string database = request.database.empty() ? "" : TRY(canonical_name(context, request.database));
    const auto found = TRY(adoptable_files(context, request.files, database));
    if (found.files.empty()) {
        return fail(ErrorCode::not_found, "adopt: there is no backup among {} files", found.passed_over)
            .with_advice("plain copies of SQLite databases, .gz, .zst, .tar, .gpg and .age are taken, by what is in them");
    }
    auto how = how_to_open(database);
    const auto rehearsal = TRY(Rehearsal::of(context, request, how));
    how.create_default = how.create_default && !request.dry_run;
    const auto opened = rehearsal ? TRY(rehearsal->open(context)) : TRY(open_repository(context, request.repository, how));
    Adoption::Plan plan{.past = TRY(whose_past(context, *opened, request, found.files)), .companions = {}, .settings = TRY(load_settings(context, request.repository.settings))};
    TRY(call_as_settings_do(context, *opened, request, plan));
    auto sought = TRY(sought_companions(context, request, plan.settings, plan.past.member));
    plan.companions = TRY(OldCompanions::find(context, request, found.files, std::move(sought), plan.past.member));
    Adoption adoption(context, *opened, request, std::move(plan));
    TRY(adoption.begin());
    for (const auto& file : found.files) {
        TRY(context.watch.go_on());
        auto taken = adoption.take(file);
        if (!taken) return std::move(taken).error().with_advice("what was adopted before stays; run it again and it goes on");
    }
    const bool is_alone = found.files.size() == 1 && adoption.first_refusal();
    if (is_alone) {
        const auto& why = *adoption.first_refusal();
        return why.copy().while_doing("adopt");
    }
    auto report = std::move(adoption).take_report();
    if (rehearsal) {
        report.repository = rehearsal->meant();
        report.repository_created = true;
    }
    report.passed_over += found.passed_over;
    report.warnings.insert(report.warnings.begin(), found.warnings.begin(), found.warnings.end());
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
