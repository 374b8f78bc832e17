#include "holdfast/operations/keep_database.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/live/freeze_together.h"
#include "holdfast/operations/database_record.h"
#include "holdfast/sqlite/ask_image.h"

namespace holdfast::operations {

namespace {

// The database is held still while it is asked.
constexpr std::int64_t question_ms_max = 5000;

// The looks of one freeze at one database. A look that fails because the image cannot be read is thrown away with its
// member: the next one begins afresh.
class Looks {
public:
    Looks(Context& context, history::Recorder& recorder, const std::string& path, const std::string& query)
        : context_(context), recorder_(recorder), path_(path), query_(query) {}

    // Unlocked, perhaps torn: that it cannot be read says nothing.
    Result<void> first(const sqlite::Image& image) {
        auto looked = look(image);
        return looked || repository_failed_ ? std::move(looked) : Result<void>();
    }
    Result<void> last(const sqlite::Image& image, const live::FreezeFacts& facts) {
        TRY(look(image));
        auto schema = TRY(read_schema(image));
        frozen_ = {.facts = facts, .schema = std::move(schema), .page_count = image.last_page().value};
        judge_header(frozen_);
        if (!query_.empty() && !frozen_.schema.is_damaged) ask_version(image);
        return {};
    }
    const std::string& question_failure() const { return question_failure_; }
    bool repository_failed() const { return repository_failed_; }
    history::MemberRecorder& member() { return *member_; }
    FrozenDatabase& frozen() { return frozen_; }

private:
    // The image stays good whatever the question is worth.
    void ask_version(const sqlite::Image& image) {
        auto answer = sqlite::ask_image(image, query_, context_.watch, {.clock = &context_.host.clock, .time_ms_max = question_ms_max});
        question_failure_ = answer ? "" : answer.error().message();
        frozen_.schema_version = answer ? std::move(answer->text) : std::string();
    }
    Result<void> look(const sqlite::Image& image) {
        repository_failed_ = true;
        if (member_ == nullptr) member_ = TRY(recorder_.member(path_, image.page_size().bytes()));
        auto looked = member_->look(image, context_.watch);
        repository_failed_ = !looked && !member_->failed_at_source();
        if (!looked) member_ = nullptr;
        return looked;
    }

    Context& context_;
    history::Recorder& recorder_;
    const std::string& path_;
    const std::string& query_;
    std::string question_failure_;
    history::MemberRecorder* member_ = nullptr;
    FrozenDatabase frozen_;
    bool repository_failed_ = false;
};

void fill_report(BackupMember& report, const repository::DirectoryEntry& entry, const repository::DatabaseRecord& record) {
    report.path = entry.name;
    report.pages = record.page_count;
    report.page_size = record.page_size;
    report.read_as = record.read_as;
    if (!record.findings.empty()) report.finding = record.findings.front();
}

KeptMember failed_member(const MemberPlan& plan, Error error) {
    KeptMember member;
    member.report.path = plan.path;
    member.report.error = error.text();
    member.failure = std::move(error);
    return member;
}

Result<KeptMember> take_over(history::Recorder& recorder, const MemberPlan& plan) {
    history::KeptBefore before = *plan.before;
    before.entry.database->frozen = plan.seen;
    TRY(recorder.take_over(std::move(before)));
    return member_as_before(plan);
}

}  // namespace

bool is_settled(const live::Appearance& appearance, Timestamp frozen) {
    return appearance.last_change.nanoseconds + nanoseconds_per_second <= frozen.nanoseconds;
}

bool is_same_entry(const repository::DirectoryEntry& before, const repository::DirectoryEntry& now) {
    return before.content == now.content && before.mode == now.mode && before.owner == now.owner && before.group == now.group;
}

KeptMember member_as_before(const MemberPlan& plan) {
    auto entry = plan.before->entry;
    entry.database->frozen = plan.seen;
    KeptMember member;
    fill_report(member.report, entry, *entry.database);
    member.report.unchanged = true;
    member.frozen = plan.seen;
    member.content = entry.content;
    member.is_same = true;
    return member;
}

live::FreezeOptions freeze_options(const Context& context) {
    live::FreezeOptions options;
    options.vfs = context.vfs;
    options.busy_timeout_ms = context.lock_wait_ms;
    return options;
}

MemberPlan look_at(Context& context, const repository::Repository& repository, const history::SourceIdentity& source,
                   const std::string& path) {
    MemberPlan plan;
    plan.path = path;
    plan.seen = context.host.clock.now();
    auto before = history::kept_before(repository, source, path);
    if (before) plan.before = std::move(before).value();
    const auto appearance = live::appearance_of(context.host, path, freeze_options(context));
    if (!appearance) return plan;
    plan.appearance = appearance->text;
    const auto remembered = history::recall_appearance(repository, {.source = source.record.id, .member = path});
    if (!plan.before || !remembered || !plan.before->entry.database->findings.empty()) return plan;
    plan.is_unchanged = remembered->appearance == plan.appearance && remembered->content == plan.before->entry.content &&
                        is_settled(*appearance, remembered->frozen);
    return plan;
}

namespace {

// SQLite forms the names of -wal and -journal from the name that an application opens.
void warn_of_other_names(Context& context, const MemberPlan& plan, KeptMember& member) {
    const auto status = context.host.files.status(plan.path);
    if (!status || status->links < 2) return;
    member.warnings.push_back(format("{} has {} names (hard links): what an application that opened another one has not yet "
                                     "written into the file lies beside that one, and is not in this backup",
                                     printable(plan.path), status->links));
}

// One database on its way into the recorder, by itself or frozen together with others.
class Keeping {
public:
    Keeping(Context& context, history::Recorder& recorder, const MemberPlan& plan, const std::string& query)
        : context_(context), recorder_(recorder), plan_(plan), looks_(context, recorder, plan.path, query) {}

    const MemberPlan& plan() const { return plan_; }
    // Whatever keeps it from being taken over, it can still be read.
    bool is_taken_over() {
        if (auto taken = take_over(recorder_, plan_)) member_ = std::move(taken).value();
        return member_.has_value();
    }
    // Held still, it is unchanged if it looks as it did.
    bool is_taken_over_as_it_looks() {
        if (!plan_.is_unchanged) return false;
        const auto appearance = live::appearance_of(context_.host, plan_.path, freeze_options(context_));
        return appearance && appearance->text == plan_.appearance && is_taken_over();
    }
    live::FreezeUse use() {
        live::FreezeUse use;
        use.use = [this](const sqlite::Image& image, const live::FreezeFacts& facts) -> Result<void> {
            member_.reset();
            return is_taken_over_as_it_looks() ? Result<void>() : looks_.last(image, facts);
        };
        if (!plan_.is_unchanged) use.first_look = [this](const sqlite::Image& image) { return looks_.first(image); };
        return use;
    }
    // Not the database's fault.
    bool is_over() const { return looks_.repository_failed(); }
    Result<KeptMember> finish(Result<live::FrozenOnce> done);
    KeptMember taken_over() { return std::move(*member_); }

private:
    KeptMember kept(const live::FrozenOnce& done, repository::DirectoryEntry entry);
    void warn_of(const live::FrozenOnce& done, KeptMember& member) const;

    Context& context_;
    history::Recorder& recorder_;
    const MemberPlan& plan_;
    Looks looks_;
    std::optional<KeptMember> member_;
};

Result<KeptMember> Keeping::finish(Result<live::FrozenOnce> done) {
    if (!done) {
        if (is_over() || done.error().code() == ErrorCode::cancelled) return std::move(done).error();
        return failed_member(plan_, std::move(done).error());
    }
    if (member_) return std::move(*member_);
    auto entry = entry_of(plan_.path, looks_.frozen());
    TRY(looks_.member().finish(entry));
    return kept(*done, std::move(entry));
}

KeptMember Keeping::kept(const live::FrozenOnce& done, repository::DirectoryEntry entry) {
    KeptMember member;
    fill_report(member.report, entry, *entry.database);
    const auto& kept = looks_.member().kept();
    member.report.pages_changed = kept.units_changed;
    member.report.bytes_read = kept.bytes_read;
    member.report.writers_blocked_ms = done.report.writers_blocked_ms;
    member.report.damaged = looks_.frozen().schema.is_damaged;
    warn_of(done, member);
    member.frozen = done.facts.frozen;
    member.content = kept.content;
    entry.content = kept.content;
    member.is_same = plan_.before && is_same_entry(plan_.before->entry, entry);
    member.report.unchanged = member.is_same;
    return member;
}

void Keeping::warn_of(const live::FrozenOnce& done, KeptMember& member) const {
    const auto path = printable(plan_.path);
    if (!looks_.question_failure().empty()) {
        member.warnings.push_back(format("the schema_version query got no answer of {}: {}", path, looks_.question_failure()));
    }
    if (done.facts.wal_is_of_another_file) {
        member.warnings.push_back(format("{0} is not the file on which the -wal beside it was written: this backup is of both together, as SQLite would read them; "
                                         "holdfast doctor {1} tells how to look at each", path, shell_word(plan_.path)));
    }
    if (done.report.others_left) {
        member.warnings.push_back(format("all other programs closed {} while it was read: its -wal and -shm stay until the "
                                         "next one opens it", path));
    }
}

live::FreezeUse with_step_before_freezing(live::FreezeUse use, const KeepOrder& order) {
    if (!use.first_look || !order.about_to_freeze) return use;
    use.first_look = [look = std::move(use.first_look), &step = order.about_to_freeze](const sqlite::Image& image) -> Result<void> {
        TRY(look(image));
        return step();
    };
    return use;
}

live::FreezeOptions freeze_options(const Context& context, const KeepOrder& order) {
    auto options = freeze_options(context);
    options.when_held = order.when_held;
    return options;
}

Result<KeptMember> keep_alone(Context& context, Keeping& keeping, const KeepOrder& order) {
    const auto& plan = keeping.plan();
    if (plan.is_unchanged && keeping.is_taken_over()) {
        if (order.when_held) order.when_held();
        return keeping.taken_over();
    }
    return keeping.finish(live::with_frozen(context.host, plan.path, freeze_options(context, order), with_step_before_freezing(keeping.use(), order)));
}

using Keepings = std::vector<std::unique_ptr<Keeping>>;

// Those that are unchanged were all as they are when the first of them was looked at: that is one moment, too.
bool is_one_moment_at_sight(const Keepings& keepings) {
    return keepings.size() < 2 || std::ranges::all_of(keepings, [](const auto& one) { return one->plan().is_unchanged; });
}

struct Together {
    std::vector<KeptMember> members;
    std::string why_apart;
};
Result<Together> keep_together(Context& context, const Keepings& keepings, const KeepOrder& order) {
    Together together;
    if (is_one_moment_at_sight(keepings)) {
        for (const auto& keeping : keepings) together.members.push_back(TRY(keep_alone(context, *keeping, order)));
        return together;
    }
    std::optional<Error> why_over;
    std::vector<live::DatabaseToFreeze> databases;
    for (const auto& keeping : keepings) {
        auto use = keeping->use();
        use.use = [&why_over, &keeping = *keeping, look = use.use](const sqlite::Image& image, const live::FreezeFacts& facts) -> Result<void> {
            auto looked = look(image, facts);
            if (looked || !keeping.is_over()) return looked;
            why_over = std::move(looked).error();
            return fail(ErrorCode::cancelled, "the others need not be read");
        };
        databases.push_back({.path = keeping->plan().path, .use = std::move(use)});
    }
    const auto looked_at_last = std::find_if(databases.rbegin(), databases.rend(), [](const auto& database) { return static_cast<bool>(database.use.first_look); });
    if (looked_at_last != databases.rend()) looked_at_last->use = with_step_before_freezing(std::move(looked_at_last->use), order);
    auto frozen_all = live::with_frozen_together(context.host, databases, freeze_options(context, order));
    if (!frozen_all && why_over) return std::move(*why_over);
    auto frozen = TRY(std::move(frozen_all));
    together.why_apart = std::move(frozen.why_apart);
    for (std::size_t i = 0; i < keepings.size(); ++i) together.members.push_back(TRY(keepings[i]->finish(std::move(frozen.each[i]))));
    return together;
}

}  // namespace

Result<KeptDatabases> keep_databases(Context& context, history::Recorder& recorder, const KeepOrder& order) {
    Keepings keepings;
    for (const auto& plan : order.plans) {
        if (!plan.failure) keepings.push_back(std::make_unique<Keeping>(context, recorder, plan, order.schema_version_query));
    }
    auto together = TRY(keep_together(context, keepings, order));
    if (keepings.empty() && order.when_held) order.when_held();
    KeptDatabases kept{.members = {}, .why_apart = std::move(together.why_apart)};
    std::size_t next = 0;
    for (const auto& plan : order.plans) {
        kept.members.push_back(plan.failure ? failed_member(plan, plan.failure->copy()) : std::move(together.members[next++]));
        if (!plan.failure) warn_of_other_names(context, plan, kept.members.back());
    }
    return kept;
}

}  // namespace holdfast::operations
