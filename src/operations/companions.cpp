#include "holdfast/operations/companions.h"

#include <algorithm>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/bundle/redact_strictly.h"
#include "holdfast/live/settled_file.h"
#include "holdfast/operations/named_companion.h"
#include "holdfast/operations/redacted_file.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

constexpr int settling_looks_max = 5;

// A file as the repository reads it.
class SettledSource final : public repository::ByteSource {
public:
    explicit SettledSource(std::shared_ptr<const live::SettledFile> file) : file_(std::move(file)) {}
    std::uint64_t size() const override { return file_->size(); }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override { return file_->read(offset, into); }
    std::uint64_t next_data(std::uint64_t offset) const override { return file_->next_data(offset); }

private:
    std::shared_ptr<const live::SettledFile> file_;
};

// A text that holds secrets no more.
class TextSource final : public repository::ByteSource {
public:
    explicit TextSource(std::string text) : text_(std::move(text)) {}
    std::uint64_t size() const override { return text_.size(); }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override {
        std::ranges::copy(bytes_of(text_).subspan(static_cast<std::size_t>(offset), into.size()), into.begin());
        return {};
    }

private:
    std::string text_;
};

bool is_too_young(const live::CompanionLook& look, Timestamp looked_at) {
    return std::ranges::any_of(look.things, [&](const auto& thing) { return live::is_too_young(thing.status, looked_at); });
}

Result<TimedLook> look_at(Context& context, const live::CompanionOrder& order) {
    const auto now = context.host.clock.now();
    return TimedLook{.things = TRY(live::walk_companion(context.host.files, order, context.watch)), .began = now};
}

// So that whatever is written from now on shows. False: something has changed since the look.
Result<bool> settle(Context& context, const CompanionPlan& plan, TimedLook& look) {
    std::vector<const live::CompanionThing*> unsettled;
    for (const auto& thing : look.things.things) {
        if (plan.known.is_to_be_read(thing)) unsettled.push_back(&thing);
    }
    auto& files = context.host.files;
    const auto path_of = [&](const live::CompanionThing& thing) { return host::join_path(plan.order.root, thing.path); };
    for (const auto* thing : unsettled) {
        if (unsettled.size() == 1) break;
        TRY(context.watch.go_on());
        live::begin_settling(files, path_of(*thing));
    }
    for (const auto* thing : unsettled) {
        TRY(context.watch.go_on());
        const auto settling = live::settle(files, path_of(*thing), thing->status);
        if (settling && *settling == live::Settling::changed) return false;
        if (!settling || *settling == live::Settling::hidden) look.hidden.insert(thing->path);
    }
    return true;
}

// A change that comes right behind one that was seen may get its times, and would not show.
Result<TimedLook> settled_look(Context& context, const CompanionPlan& plan) {
    for (int i = 1;; ++i) {
        auto look = TRY(look_at(context, plan.order));
        const bool is_last = i == settling_looks_max;
        const bool is_young = is_too_young(look.things, look.began);
        if (is_young && !is_last) context.host.clock.sleep_ms(live::young_ms);
        else if (TRY(settle(context, plan, look)) || is_last) return look;
    }
}

Error not_there(const CompanionPlan& plan) {
    return fail(ErrorCode::not_found, "back up {}: it is not there", printable(plan.order.root)).with_advice("optional = true in its settings, if it may be missing");
}

Result<SeenCompanion> see(Context& context, const CompanionPlan& plan) {
    SeenCompanion seen{.plan = &plan, .look = {}, .failure = {}};
    auto look = settled_look(context, plan);
    if (!look && look.error().code() == ErrorCode::cancelled) return std::move(look).error();
    if (!look) {
        seen.failure = std::move(look).error();
        return seen;
    }
    seen.look = *std::move(look);
    if (!plan.rules.is_redacted()) seen.clones = CompanionClones::of(context, plan.order.root, seen.look, plan.known);
    seen.is_missing = !seen.look.things.is_there;
    if (seen.is_missing && !plan.is_optional) {
        seen.failure = not_there(plan);
    }
    return seen;
}

std::string_view word_of(live::WhyLeftOut why) {
    switch (why) {
        case live::WhyLeftOut::special: return "special";
        case live::WhyLeftOut::unreadable: return "unreadable";
        case live::WhyLeftOut::database: return "database";
        case live::WhyLeftOut::sidecar: return "sidecar";
        case live::WhyLeftOut::own: return "own";
    }
    return "special";
}

void tell_left_out(const live::CompanionLook& look, BackupCompanion& report) {
    for (const auto& one : look.left_out) {
        auto& list = one.why == live::WhyLeftOut::unreadable || one.why == live::WhyLeftOut::database ? report.failed : report.left_out;
        list.push_back(format("{}: {}", printable(one.path), one.reason.empty() ? std::string(word_of(one.why)) : one.reason));
    }
}

// What is left out for reasons that make the backup partial has to be told each time.
bool is_as_before(const CompanionPlan& plan, const live::CompanionLook& look) {
    BackupCompanion report;
    tell_left_out(look, report);
    return report.failed.empty() && plan.known.is_unchanged(look) && plan.known.before()->entry.rules == plan.rules;
}

// What it holds is kept all the same. What could not be looked at is told as that.
Result<std::optional<Error>> lack_of(const CompanionPlan& plan, const live::CompanionLook& look) {
    std::optional<Error> none;
    BackupCompanion report;
    tell_left_out(look, report);
    const auto now = holds(look);
    if (plan.is_optional || !plan.why_emptied || now == Holds::content || !report.failed.empty()) return none;
    std::optional<std::string> why = "nothing in it is what the settings include";
    if (now != Holds::nothing || plan.rules.include.empty()) why = TRY(plan.why_emptied(now));
    if (!why) return none;
    return std::optional(fail(ErrorCode::not_found, "back up {}: {}", printable(plan.order.root), *why).with_advice("put it back; or optional = true in its settings, if it may be empty"));
}

BackupCompanion unchanged(const CompanionPlan& plan, const live::CompanionLook& look) {
    BackupCompanion report{.path = plan.order.root, .unchanged = true};
    if (plan.known.before()) report.removed = plan.known.before()->entry.removed;
    tell_left_out(look, report);
    for (const auto& thing : look.things) {
        if (thing.status.kind != host::FileKind::regular) continue;
        ++report.files;
        report.bytes += thing.status.size;
    }
    return report;
}

// One that is removed and written anew is not there for an instant.
Result<live::SettledFile> open(Context& context, const SeenCompanion& seen, const live::CompanionThing& thing) {
    constexpr int openings_max = 10;
    constexpr std::int64_t pause_ms = 2;
    const auto path = host::join_path(seen.plan->order.root, thing.path);
    for (int i = 1; seen.reading == SeenCompanion::Reading::as_it_is; ++i) {
        auto file = live::SettledFile::open_as_it_is(context.host.files, path);
        if (file || file.error().code() != ErrorCode::not_found || i == openings_max) return file;
        context.host.clock.sleep_ms(pause_ms);
    }
    return live::SettledFile::open(context.host.files, path, thing.status);
}

history::CompanionToKeep to_keep(Context& context, const SeenCompanion& seen, std::vector<history::CompanionThing> things) {
    history::CompanionToKeep companion{.name = seen.plan->order.root, .rules = seen.plan->rules, .things = std::move(things), .open = {}};
    companion.open = [&](std::size_t at) -> Result<std::unique_ptr<repository::ByteSource>> {
        const auto& thing = seen.look.things.things[at];
        auto file = seen.clones.find(thing.path);
        if (!file) file = std::make_shared<const live::SettledFile>(TRY(open(context, seen, thing)));
        return std::unique_ptr<repository::ByteSource>(std::make_unique<SettledSource>(std::move(file)));
    };
    return companion;
}

// Each file without its secrets. What is read is this, of the size that it has now.
history::CompanionToKeep to_keep_redacted(Context& context, const SeenCompanion& seen) {
    auto companion = to_keep(context, seen, KnownCompanion().things_of(seen.look.things, 0));
    auto texts = std::make_shared<std::map<std::size_t, Result<RedactedFile>>>();
    for (std::size_t i = 0; i < companion.things.size(); ++i) {
        const auto& thing = seen.look.things.things[i];
        if (thing.status.kind != host::FileKind::regular) continue;
        const std::string path = host::join_path(seen.plan->order.root, thing.path);
        const auto& file = texts->emplace(i, redacted_file(context, path, thing.status)).first->second;
        companion.things[i].entry.content.size = file ? file->text.size() : 0;
        if (!file) continue;
        for (const auto& what : file->removed) companion.removed.push_back(format("{}: {}", printable(thing.path.empty() ? host::file_name_of(path) : thing.path), what));
    }
    constexpr std::size_t told_max = 1000;
    if (const auto all = companion.removed.size(); all > told_max) {
        companion.removed.resize(told_max);
        companion.removed.push_back(format("and {} more", all - told_max));
    }
    companion.open = [texts](std::size_t at) -> Result<std::unique_ptr<repository::ByteSource>> {
        const auto& file = texts->at(at);
        if (!file) return file.error().copy();
        return std::unique_ptr<repository::ByteSource>(std::make_unique<TextSource>(file->text));
    };
    return companion;
}

// What was kept with secrets, or without, is not what is wanted now, though the file has not changed.
history::CompanionToKeep to_keep(Context& context, const SeenCompanion& seen, std::uint64_t turn) {
    if (seen.plan->rules.is_redacted()) return to_keep_redacted(context, seen);
    const auto& known = seen.plan->known;
    const bool was_redacted = known.before() && known.before()->entry.rules.is_redacted();
    return to_keep(context, seen, was_redacted ? KnownCompanion().things_of(seen.look.things, 0) : known.things_of(seen.look.things, turn));
}

void describe(const history::KeptCompanion& kept, BackupCompanion& report) {
    report.files = kept.files;
    report.files_changed = kept.files_changed;
    report.bytes = kept.bytes;
    report.bytes_read = kept.bytes_read;
    report.unchanged = kept.is_same && kept.failures.empty();
    report.removed = kept.entry.removed;
    for (const auto& failure : kept.failures) report.failed.push_back(format("{}: {}", printable(host::join_path(report.path, failure.path)), failure.why.message()));
}

// The companion as a whole is not empty: it may be meant.
std::string emptied_in_words(const CompanionPlan& plan, std::vector<std::string> paths) {
    constexpr std::size_t named_max = 10;
    std::ranges::sort(paths);
    const auto more = paths.size() - std::min(paths.size(), named_max);
    std::string names;
    for (std::size_t i = 0; i < paths.size() && i < named_max; ++i) names += (i == 0 ? "" : ", ") + printable(paths[i]);
    if (more > 0) names += format(" and {} more", more);
    const auto companion = printable(plan.order.root);
    const bool is_one = paths.size() == 1;
    if (plan.is_of_state_before) return format("in the state before, {} in {} had 0 bytes, and held something in the last backup of it: {}", is_one ? "a file" : "files", companion, names);
    return format("in {} {} 0 bytes now, and held something in the backup before: {}", companion, is_one ? "a file has" : "files have", names);
}

// What no backup had, and is not there now either, only came and went: that is no failure.
std::vector<std::string> take_vanished(Context& context, const SeenCompanion& seen, history::KeptCompanion& kept) {
    std::vector<std::string> vanished = std::move(kept.gone);
    std::erase_if(kept.failures, [&](const auto& failure) {
        if (failure.why.code() != ErrorCode::not_found) return false;
        const auto there = context.host.files.status_of_link(host::join_path(seen.plan->order.root, failure.path));
        if (failure.was_kept_before || there || there.error().code() != ErrorCode::not_found) vanished.push_back(failure.path);
        return true;
    });
    return vanished;
}

Result<KeptCompanion> keep(Context& context, history::Recorder& recorder, const SeenCompanion& seen) {
    KeptCompanion one;
    auto& report = one.report;
    report.path = seen.plan->order.root;
    if (!seen.plan->led_elsewhere.empty()) one.warnings.push_back(seen.plan->led_elsewhere);
    if (seen.is_missing) one.missing = repository::MissingCompanion{.path = report.path, .rules = seen.plan->rules};
    if (seen.failure) {
        report.error = seen.failure->text();
        recorder.failed(report.path, *seen.failure);
        return one;
    }
    const auto& look = seen.look.things;
    const auto& known = seen.plan->known;
    report.missing = seen.is_missing;
    if (report.missing) return one;
    if (look.things.empty()) {  // it is itself what is left out
        const auto why = look.left_out.empty() ? std::string("it cannot be looked at") : look.left_out.front().reason;
        const auto error = fail(ErrorCode::invalid, "back up {} as a companion: {}", printable(report.path), why);
        report.error = error.text();
        recorder.failed(report.path, error);
        return one;
    }
    const auto lack = TRY(lack_of(*seen.plan, look));
    if (!lack && is_as_before(*seen.plan, look)) {
        report = unchanged(*seen.plan, look);
        if (recorder.take_over_companion(*known.before(), report.bytes)) return one;
        report = {.path = seen.plan->order.root};
    }
    tell_left_out(look, report);
    auto kept = TRY(recorder.companion(to_keep(context, seen, recorder.number().value), context.watch));
    if (!kept.mismatches.empty()) {
        one.warnings.push_back(format("{} has changed, and its size and times have not: all of {} was read again", printable(host::join_path(report.path, kept.mismatches.front())), printable(report.path)));
        kept = TRY(recorder.companion(to_keep(context, seen, KnownCompanion().things_of(look, 0)), context.watch));
    }
    if (kept.is_kept && seen.reading == SeenCompanion::Reading::as_it_is) one.vanished = take_vanished(context, seen, kept);
    describe(kept, report);
    if (!lack && !kept.emptied.empty()) one.warnings.push_back(emptied_in_words(*seen.plan, std::move(kept.emptied)));
    if (lack) {
        report.error = lack->text();
        recorder.failed(report.path, *lack);
    }
    if (report.failed.empty()) {
        one.look = seen.look;
        one.content = kept.entry.content;
    } else {
        recorder.failed(report.path, fail(ErrorCode::unavailable, "{} of its files could not be backed up; the first: {}", report.failed.size(), report.failed.front()));
    }
    return one;
}

// With each journal that SQLite makes and removes beside a database, its folder gets other times, and may get another size.
bool is_same_but_for_journals(const live::CompanionOrder& order, const live::CompanionThing& thing, const host::FileStatus& before) {
    const auto folder = host::join_path(order.root, thing.path);
    const bool has_a_database = std::ranges::any_of(order.never, [&](const std::string& path) { return host::folder_of(path) == folder; });
    auto status = before;
    if (has_a_database && thing.status.kind == host::FileKind::folder) {
        status.modified = thing.status.modified;
        status.changed = thing.status.changed;
        status.size = thing.status.size;
    }
    return live::is_same_state(status, thing.status);
}

// What stands in one look and not, or otherwise, in the other.
std::vector<std::string> differences(const live::CompanionOrder& order, const live::CompanionLook& before, const live::CompanionLook& after) {
    std::map<std::string, const host::FileStatus*> known;
    std::vector<std::string> changed;
    for (const auto& thing : before.things) known.emplace(thing.path, &thing.status);
    for (const auto& thing : after.things) {
        const auto at = known.find(thing.path);
        if (at == known.end() || !is_same_but_for_journals(order, thing, *at->second)) changed.push_back(thing.path);
        if (at != known.end()) known.erase(at);
    }
    for (const auto& [path, status] : known) changed.push_back(path);
    return changed;
}

}  // namespace

Result<CompanionPlan> companion_plan(Context& context, const std::string& path, repository::CompanionRules rules, const NeverTaken& never) {
    CompanionPlan plan;
    plan.order.root = path;
    plan.order.include = TRY(live::PathPatterns::parse(rules.include));
    plan.order.exclude = TRY(live::PathPatterns::parse(rules.exclude));
    plan.order.within = rules.within;
    plan.order.never = never.databases;
    plan.order.never.push_back(never.repository);
    plan.order.never.insert(plan.order.never.end(), never.own.begin(), never.own.end());
    plan.order.is_own = [&context](const std::string& folder) { return is_repository(context, folder); };
    plan.rules = std::move(rules);
    return plan;
}

Result<std::vector<CompanionPlan>> companion_plans(Context& context, const std::vector<CompanionRequest>& wanted, const NeverTaken& never) {
    std::vector<CompanionPlan> plans;
    for (const auto& given : wanted) {
        const auto one = TRY(without_pattern_in_path(context.host.files, given));
        const std::string root = TRY(host::canonical_or_future(context.host.files, one.path));
        repository::CompanionRules rules{.include = one.include, .exclude = one.exclude, .within = {}, .redaction = one.is_redacted ? bundle::strict_redaction : 0, .named = {}};
        rules.named = TRY(name_by_links(context.host.files, one.path, root));
        plans.push_back(TRY(companion_plan(context, root, std::move(rules), never)));
        plans.back().is_optional = one.is_optional;
    }
    for (const auto& outer : plans) {
        for (const auto& inner : plans) TRY(expect_apart(outer.order, inner.order));
    }
    return plans;
}

Result<std::vector<SeenCompanion>> look_at_companions(Context& context, const std::vector<CompanionPlan>& plans) {
    std::vector<SeenCompanion> seen;
    for (const auto& plan : plans) seen.push_back(TRY(see(context, plan)));
    return seen;
}

Result<std::optional<std::vector<KeptCompanion>>> companions_as_before(Context& context, const std::vector<CompanionPlan>& plans) {
    std::vector<KeptCompanion> kept;
    for (const auto& plan : plans) {
        const auto look = live::walk_companion(context.host.files, plan.order, context.watch);
        if (!look && look.error().code() == ErrorCode::cancelled) return look.error().copy();
        const bool is_missing = look && !look->is_there && plan.is_optional;
        if (!look || (!is_missing && (!is_as_before(plan, *look) || TRY(lack_of(plan, *look))))) return std::optional<std::vector<KeptCompanion>>();
        auto& one = kept.emplace_back();
        if (is_missing) one.missing = repository::MissingCompanion{.path = plan.order.root, .rules = plan.rules};
        one.report = is_missing ? BackupCompanion{.path = plan.order.root, .missing = true} : unchanged(plan, *look);
    }
    return std::optional(std::move(kept));
}

Result<std::vector<BackupCompanion>> rehearse_companions(Context& context, const std::vector<CompanionPlan>& plans) {
    std::vector<BackupCompanion> told;
    for (const auto& plan : plans) {
        auto& report = told.emplace_back(BackupCompanion{.path = plan.order.root});
        const auto look = live::walk_companion(context.host.files, plan.order, context.watch);
        if (!look && look.error().code() == ErrorCode::cancelled) return look.error().copy();
        report.missing = look && !look->is_there;
        if (!look || (report.missing && !plan.is_optional)) {
            report.error = (look ? not_there(plan) : look.error().copy()).text();
            continue;
        }
        if (report.missing) continue;
        report = unchanged(plan, *look);
        report.unchanged = is_as_before(plan, *look);
        report.files_changed = static_cast<std::uint64_t>(std::ranges::count_if(look->things, [&](const auto& thing) { return plan.known.is_to_be_read(thing); }));
        if (const auto lack = TRY(lack_of(plan, *look))) report.error = lack->text();
    }
    return told;
}

Result<std::vector<KeptCompanion>> keep_companions(Context& context, history::Recorder& recorder, const std::vector<SeenCompanion>& seen) {
    std::vector<KeptCompanion> kept;
    for (const auto& one : seen) kept.push_back(TRY(keep(context, recorder, one)));
    return kept;
}

void tell_vanished(history::Recorder& recorder, KeptCompanion& kept) {
    if (kept.vanished.empty()) return;
    for (const auto& path : kept.vanished) kept.report.failed.push_back(format("{}: it was there before, and not when it was read: removed, or being written anew", printable(host::join_path(kept.report.path, path))));
    kept.report.unchanged = false;
    recorder.failed(kept.report.path, fail(ErrorCode::unavailable, "{} of its files were there before, and not when they were read; the first: {}", kept.vanished.size(), kept.report.failed.front()));
}

Result<std::vector<std::vector<std::string>>> changed_since(Context& context, const std::vector<SeenCompanion>& seen) {
    std::vector<std::vector<std::string>> changed;
    for (const auto& one : seen) {
        auto& list = changed.emplace_back();
        if (one.failure) continue;
        const auto again = live::walk_companion(context.host.files, one.plan->order, context.watch);
        if (!again && again.error().code() == ErrorCode::cancelled) return again.error().copy();
        if (!again) {
            list.push_back("");
            continue;
        }
        list = differences(one.plan->order, one.look.things, *again);
        std::erase_if(list, [&](const std::string& path) { return one.clones.may_have_changed(path); });
    }
    return changed;
}

}  // namespace holdfast::operations
