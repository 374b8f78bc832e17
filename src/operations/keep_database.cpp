#include "holdfast/operations/keep_database.h"

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
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
    Looks(Context& context, history::Recorder& recorder, const KeepOrder& order)
        : context_(context), recorder_(recorder), path_(order.plan.path), query_(order.schema_version_query) {}

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

Result<KeptMember> keep_looking(Context& context, history::Recorder& recorder, const KeepOrder& order) {
    const MemberPlan& plan = order.plan;
    if (plan.is_unchanged) {
        // Whatever keeps it from being taken over, it can still be read.
        if (auto taken = take_over(recorder, plan)) return taken;
    }
    Looks looks(context, recorder, order);
    auto done = live::with_frozen(
        context.host, plan.path, freeze_options(context),
        {.first_look = [&](const sqlite::Image& image) { return looks.first(image); },
         .use = [&](const sqlite::Image& image, const live::FreezeFacts& facts) { return looks.last(image, facts); }});
    if (!done) {
        const bool is_over = looks.repository_failed() || done.error().code() == ErrorCode::cancelled;
        if (is_over) return std::move(done).error();
        return failed_member(plan, std::move(done).error());
    }
    auto entry = entry_of(plan.path, looks.frozen());
    KeptMember member;
    fill_report(member.report, entry, *entry.database);
    TRY(looks.member().finish(entry));
    const auto& kept = looks.member().kept();
    member.report.pages_changed = kept.units_changed;
    member.report.bytes_read = kept.bytes_read;
    member.report.writers_blocked_ms = done->report.writers_blocked_ms;
    member.report.damaged = looks.frozen().schema.is_damaged;
    if (!looks.question_failure().empty()) {
        member.warnings.push_back(format("the schema_version query got no answer of {}: {}", printable(plan.path), looks.question_failure()));
    }
    if (done->facts.wal_is_of_another_file) {
        member.warnings.push_back(format("{0} is not the file on which the -wal beside it was written: this backup is of both together, as SQLite would read them; "
                                         "holdfast doctor {1} tells how to look at each", printable(plan.path), shell_word(plan.path)));
    }
    if (done->report.others_left) {
        member.warnings.push_back(format("all other programs closed {} while it was read: its -wal and -shm stay until the "
                                         "next one opens it", printable(plan.path)));
    }
    member.frozen = done->facts.frozen;
    member.content = kept.content;
    entry.content = kept.content;
    member.is_same = plan.before && is_same_entry(plan.before->entry, entry);
    member.report.unchanged = member.is_same;
    return member;
}

}  // namespace

Result<KeptMember> keep_database(Context& context, history::Recorder& recorder, const KeepOrder& order) {
    if (order.plan.failure) return failed_member(order.plan, order.plan.failure->copy());
    auto member = TRY(keep_looking(context, recorder, order));
    warn_of_other_names(context, order.plan, member);
    return member;
}

}  // namespace holdfast::operations
