#include "holdfast/operations/after_restore.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/operations/check_agreement.h"
#include "holdfast/operations/rebuild_companion.h"
#include "holdfast/operations/run_hook.h"

namespace holdfast::operations {

namespace {

constexpr int attempts_max = 8;  // as for every freeze

class AfterRestore {
public:
    AfterRestore(Context& context, const RestoredSource& restored, RestoreReport& report)
        : context_(context), restored_(restored), report_(report), all_(companions_to_rebuild(restored.loaded, restored.facts.source)) {}

    // Nothing of it is done; what is known to fail is told.
    void announce() {
        for (const auto& one : all_) {
            if (one.companion.keep == "rebuild") report_.follows.push_back(format("build {} again{}", printable(one.companion.path), one.companion.rebuild->background ? ", in the background" : ""));
        }
        tell_unknown();
        if (const auto files = files_to_compare()) {
            report_.follows.push_back("look whether the files agree with the databases");
            const bool may_build = std::ranges::any_of(all_, [](const CompanionToRebuild& one) { return one.companion.keep != "rebuild"; });
            if (may_build) report_.follows.back() += ", and build again what does not";
            report_.follows.back() += "; exit code 3 where they do not";
            tell_noted();
        }
        for (const auto& name : smoke_test_names(restored_.loaded, restored_.facts.source)) report_.follows.push_back("try " + name);
    }

    void run() {
        for (const auto& one : all_) {
            if (one.companion.keep == "rebuild") build(one);
        }
        tell_unknown();
        look_for_agreement();
        report_.smoke_tests = smoke_tests(context_, restored_.loaded, restored_.facts);
        for (const auto& result : report_.smoke_tests) {
            if (!result.passed) tell(format("{} does not pass: {}", result.test, result.error));
        }
        if (report_.unmet && !restored_.go_back.empty()) report_.warnings.push_back("the restore has taken place; to go back: " + restored_.go_back);
    }

private:
    void tell(std::string what) {
        report_.unmet = true;
        report_.warnings.push_back(std::move(what));
    }

    // What disagreed in the backup does so when it is back; unless it is built again.
    void tell_noted() {
        std::set<std::string> built;
        for (const auto& one : all_) built.insert(one.companion.path);
        for (const auto& noted : restored_.unmet) {
            AgreementResult of;
            if (!noted.starts_with(of.what())) continue;
            of.file = noted.substr(of.what().size(), noted.find("; ") - of.what().size());
            const std::string what = format("backup #{} is noted as disagreeing: {}", restored_.facts.number, noted);
            if (is_below_any(of, built)) report_.warnings.push_back(what + "; it is built again");
            else tell(what);
        }
    }

    void build(const CompanionToRebuild& what) {
        auto done = what.companion.rebuild->background ? rebuild_in_background(context_, what) : rebuild_companion(context_, what, restored_.facts);
        if (!done.run.is_good()) tell(format("the rebuild of {} failed: {}: {}", printable(what.companion.path), done.run.error, rebuild_command(what)));
        std::ranges::move(done.warnings, std::back_inserter(report_.warnings));
        built_.insert(what.companion.path);
        if (done.run.state == "running") running_.insert(what.companion.path);
        report_.rebuilds.push_back(std::move(done.run));
    }

    // Of which the backup says so, and the settings do not.
    void tell_unknown() {
        for (const auto& path : restored_.rebuilt) {
            const auto is_it = [&](const CompanionToRebuild& one) { return resolved(one.companion.path) == path; };
            if (std::ranges::none_of(all_, is_it)) tell(format("{} is not in the backup, and the settings no longer say how it is built", printable(path)));
        }
    }

    void look_for_agreement() {
        look();
        if (build_what_disagrees()) look();
        for (const auto& result : report_.agreement) {
            if (result.is_right()) continue;
            if (is_below_any(result, running_)) report_.warnings.push_back(format("{}: {}; it is being built in the background: holdfast status", result.what(), printable(result.why())));
            else tell(format("{}: {}", result.what(), printable(result.why())));
        }
    }

    // What lies where the settings have it; another place that was restored to is not meant by them.
    std::optional<RestoredFiles> files_to_compare() const {
        const auto* source = restored_.loaded.source(restored_.facts.source);
        if (source == nullptr || source->agreement.empty()) return std::nullopt;
        RestoredFiles files{.source = restored_.facts.source, .to = {}, .databases = {}};
        for (const auto& database : source->databases) {
            const auto path = resolved(database);
            files.to.emplace(path, path);
            files.databases.push_back(path);
        }
        const auto is_restored = [&](const std::string& path) {
            return path == report_.rows.database || std::ranges::find(report_.databases, path, &RestoredMember::to) != report_.databases.end();
        };
        if (std::ranges::none_of(files.databases, is_restored)) return std::nullopt;
        return files;
    }

    void look() {
        report_.agreement.clear();
        const auto files = files_to_compare();
        if (!files) return;
        for (int attempt = 1;; ++attempt) {
            auto results = agreement_of_restored(context_, restored_.loaded, *files);
            if (!results && results.error().code() == ErrorCode::busy && attempt < attempts_max) continue;
            if (results) report_.agreement = *std::move(results);
            else tell("whether the files agree with the databases could not be checked: " + results.error().message());
            return;
        }
    }

    // Each once.
    bool build_what_disagrees() {
        bool has_built = false;
        for (const auto& one : all_) {
            const bool is_wanted = !built_.contains(one.companion.path) && std::ranges::any_of(report_.agreement, [&](const AgreementResult& result) {
                return !result.is_right() && is_below_any(result, {one.companion.path});
            });
            if (!is_wanted) continue;
            report_.warnings.push_back(format("{} does not agree with the database, and is built again", printable(one.companion.path)));
            build(one);
            has_built = true;
        }
        return has_built;
    }

    bool is_below_any(const AgreementResult& result, const std::set<std::string>& companions) const {
        auto files = result.files;
        files.push_back(result.file);
        return std::ranges::any_of(companions, [&](const std::string& companion) {
            const auto root = resolved(companion);
            return std::ranges::any_of(files, [&](const std::string& file) {
                const auto path = resolved(file);
                return !file.empty() && (path == root || path.starts_with(root + "/"));
            });
        });
    }

    std::string resolved(const std::string& path) const { return host::canonical_or_future(context_.host.files, path).value_or(std::string(path)); }

    Context& context_;
    const RestoredSource& restored_;
    RestoreReport& report_;
    const std::vector<CompanionToRebuild> all_;
    std::set<std::string> built_, running_;  // paths as the settings have them
};

}  // namespace

void after_restore(Context& context, const RestoredSource& restored, RestoreReport& report) {
    const bool is_rehearsed = report.dry_run;
    const auto* source = restored.loaded.source(restored.facts.source);
    const bool is_asked = source != nullptr && (!source->agreement.empty() || !source->smoke_tests.empty() || !companions_to_rebuild(restored.loaded, restored.facts.source).empty());
    if (!is_asked && restored.rebuilt.empty()) return;
    if (is_run_by_hook()) return report.warnings.push_back(format("nothing {} built again or tried: this is run by a hook itself", is_rehearsed ? "would be" : "was"));
    AfterRestore after(context, restored, report);
    if (is_rehearsed) after.announce();
    else after.run();
}

}  // namespace holdfast::operations
