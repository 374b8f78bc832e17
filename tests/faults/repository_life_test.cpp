// A repository through its life, with a database on the same simulated disk: what was acknowledged restores bit for bit
// after every cut and every failing step, and nothing needs help.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <iostream>
#include <map>

#include "faults/simulated_database.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/forget.h"
#include "holdfast/operations/init.h"
#include "holdfast/operations/restore.h"
#include "support/forgetful_files.h"
#include "support/power_cuts.h"

namespace holdfast::tests {
namespace {

using operations::Context;

class Life {
public:
    static inline const std::string database = "/data/app.db";
    Life(SimulatedMachine& machine, host::FileSystem& seen)
        : machine_(machine), host_(machine.host()), seen_(seen_through(seen, host_)), databases_(seen_), judging_(host_) {
        for (const char* name : {"HOLDFAST_REPOSITORY", "HOLDFAST_PASSWORD_FILE", "HOLDFAST_PASSWORD_COMMAND", "HOLDFAST_KEY_FILE"}) {
            ::unsetenv(name);
        }
        must(host::make_folders_durably(host_.files, "/data", 0700));
    }
    void judge() { EXPECT_EQ(wrongs(), ""); }
    std::string wrongs() {
        for (const auto& [number, content] : kept_) {
            if (auto wrong = wrong_with(number, content); !wrong.empty()) return wrong;
        }
        const auto before = contents_.find(judging_.content_of(database));
        if (before == contents_.end()) return "the database itself has changed";
        return wrong_with_next();
    }
    const std::string& refusal() const { return refusal_; }
    std::size_t kept_count() const { return kept_.size(); }

protected:
    Context context(host::Host host, const SimulatedDatabases& databases) const {
        return {.host = host, .watch = {}, .vfs = databases.vfs(), .may_ask = false, .lock_wait_ms = 0};
    }
    static operations::RepositoryRequest repository() {
        operations::RepositoryRequest request;
        request.repository = "/backups/app";
        return request;
    }
    static Result<std::uint64_t> back_up(Context context) {
        operations::BackupRequest request;
        request.repository = repository();
        request.databases = {database};
        return TRY(operations::backup(context, request)).number;
    }
    Context disturbed() const { return context(seen_, databases_); }
    Context undisturbed() const { return context(host_, judging_); }

    void init() {
        auto steady = undisturbed();
        must(operations::init(steady, {.repository = repository()}));
    }
    void change(const std::string& sql) {
        judging_.run(database, sql);
        contents_[last_ = judging_.content_of(database)] = true;
        machine_.advance_ms(5000);
    }
    // The next backup of the set-up; never cut.
    void keep(const std::string& sql) {
        change(sql);
        kept_[must(back_up(undisturbed()))] = last_;
    }
    bool acknowledge(const Error& error) {
        refusal_ = error.text();
        return false;
    }
    template <typename T>
    bool acknowledge(const Result<T>& result) { return result.ok() || acknowledge(result.error()); }

    std::string wrong_with(std::uint64_t number, const std::string& content) {
        const std::string to = format("/looked/{}-{}.db", number, ++looks_);
        operations::RestoreRequest request;
        request.repository = repository();
        request.snapshot = std::to_string(number);
        request.to = to;
        auto steady = undisturbed();
        const auto restored = operations::restore(steady, request);
        if (!restored) return format("backup {} cannot be restored: {}", number, restored.error().text());
        return judging_.content_of(to) == content ? "" : format("backup {} has another content", number);
    }
    // It goes on working.
    std::string wrong_with_next() {
        const auto content = judging_.content_of(database);
        const auto number = back_up(undisturbed());
        if (!number) return "the next backup fails: " + number.error().text();
        return wrong_with(*number, content);
    }

    SimulatedMachine& machine_;
    host::Host host_, seen_;
    SimulatedDatabases databases_, judging_;
    std::map<std::uint64_t, std::string> kept_;  // what was acknowledged, as SQLite read it when it was backed up
    std::map<std::string, bool> contents_;       // every content the database has had
    std::string last_, refusal_;
    int looks_ = 0;
};

// init by itself, then a first backup.
class Beginning : public Life {
public:
    explicit Beginning(SimulatedMachine& machine) : Beginning(machine, machine.host().files) {}
    Beginning(SimulatedMachine& machine, host::FileSystem& seen) : Life(machine, seen) {
        change(database_sql("DELETE", "a", 12));
    }
    void work() {
        auto cut = disturbed();
        if (!(made_ = acknowledge(operations::init(cut, {.repository = repository()})))) return;
        const auto number = back_up(disturbed());
        if (acknowledge(number)) kept_[*number] = last_;
    }
    void judge() {
        if (!made_) {
            auto steady = undisturbed();
            const auto again = operations::init(steady, {.repository = repository()});
            EXPECT_TRUE(again.ok() || again.error().code() == ErrorCode::exists) << again.error().text();
        }
        Life::judge();
    }

private:
    bool made_ = false;
};

enum class Mode { rollback, wal, wal_open };
template <Mode mode>
class BackingUp : public Life {
public:
    explicit BackingUp(SimulatedMachine& machine) : BackingUp(machine, machine.host().files) {}
    BackingUp(SimulatedMachine& machine, host::FileSystem& seen) : Life(machine, seen) {
        init();
        keep(database_sql(mode == Mode::rollback ? "DELETE" : "WAL", "a", 12));
        change(rows_of_kind("b", 6));
    }
    void work() {
        auto application = sqlite::Connection::open(database, {.mode = sqlite::OpenMode::read_write, .vfs = databases_.vfs()});
        if (mode != Mode::wal_open || !application || !application->integer("SELECT count(*) FROM t")) {
            application = fail(ErrorCode::not_found, "no application");
        }
        for (int turn = 0; turn < 2; ++turn) {
            const auto number = back_up(disturbed());
            if (!acknowledge(number)) return;
            kept_[*number] = last_;
        }
    }
};

class Forgetting : public Life {
public:
    explicit Forgetting(SimulatedMachine& machine) : Life(machine, machine.host().files) {
        init();
        for (const char* kind : {"a", "b", "c"}) keep(*kind == 'a' ? database_sql("WAL", kind, 6) : rows_of_kind(kind, 6));
    }
    void work() {
        auto cut = disturbed();
        if (!acknowledge(operations::forget(cut, {.repository = repository(), .snapshots = {"1", "2"}}))) return;
        static_cast<void>(acknowledge(operations::recall(cut, {.repository = repository(), .snapshots = {"2"}})));
    }
};

class Pruning : public Life {
public:
    explicit Pruning(SimulatedMachine& machine) : Pruning(machine, machine.host().files) {}
    Pruning(SimulatedMachine& machine, host::FileSystem& seen) : Life(machine, seen) {
        init();
        for (const char* kind : {"a", "b", "c"}) keep(*kind == 'a' ? database_sql("WAL", kind, 6) : rows_of_kind(kind, 6));
        auto steady = undisturbed();
        must(operations::forget(steady, {.repository = repository(), .snapshots = {"1"}}));
        kept_.erase(1);
        machine.advance_ms(60'000);
    }
    void work() { static_cast<void>(acknowledge(pruned(disturbed()))); }
    void judge() {
        Life::judge();
        EXPECT_THAT(pruned(undisturbed()), Succeeds());
        Life::judge();
    }

private:
    static Result<operations::PruneReport> pruned(Context context) {
        return operations::prune(context, {.repository = repository(), .grace = "0", .wait_s = 0});
    }
};

// In place, through SQLite, with the safety backup that comes before.
template <Mode mode>
class RestoringInPlace : public Life {
public:
    explicit RestoringInPlace(SimulatedMachine& machine) : Life(machine, machine.host().files) {
        init();
        keep(database_sql(mode == Mode::rollback ? "DELETE" : "WAL", "a", 12));
        wanted_ = last_;
        change(rows_of_kind("b", 6));
    }
    void work() {
        operations::RestoreRequest request;
        request.repository = repository();
        request.snapshot = "1";
        request.wait_s = 0;
        auto cut = disturbed();
        const auto restored = operations::restore(cut, request);
        if (!(restored_ = acknowledge(restored))) return;
        // Where the repository could not be written, it is in another one beside the database.
        if (restored->safety_repository == repository().repository) kept_[restored->safety_number] = last_;
    }
    void judge() {
        EXPECT_TRUE(!restored_ || judging_.content_of(database) == wanted_);
        Life::judge();
    }

private:
    std::string wanted_;
    bool restored_ = false;
};

template <typename Each>
class RepositoryLife : public ::testing::Test {};
using Stories = ::testing::Types<Beginning, BackingUp<Mode::rollback>, BackingUp<Mode::wal>, BackingUp<Mode::wal_open>,
                                 Forgetting, Pruning, RestoringInPlace<Mode::rollback>, RestoringInPlace<Mode::wal>>;
TYPED_TEST_SUITE(RepositoryLife, Stories);

TYPED_TEST(RepositoryLife, IsAcknowledgedWhenNothingDisturbsIt) {
    SimulatedMachine machine(1);
    TypeParam story(machine);
    story.work();
    EXPECT_EQ(story.refusal(), "");
    EXPECT_GE(story.kept_count(), 1u);
    story.judge();
}

TYPED_TEST(RepositoryLife, KeepsWhatItAcknowledgedAtEveryCut) {
    const auto cuts = cut_power_at_every_step<TypeParam>(2);
    std::cout << "power cuts: " << cuts << '\n';
    EXPECT_GE(cuts, 30u);
}

TYPED_TEST(RepositoryLife, KeepsWhatItAcknowledgedWhenAnyStepFails) {
    const auto failures = fail_every_step<TypeParam>(ErrorCode::full) + fail_every_step<TypeParam>(ErrorCode::unavailable);
    std::cout << "failed steps: " << failures << '\n';
    EXPECT_GE(failures, 30u);
}

// A repository on a disk that forgets: the tests above would notice.
enum class Forgotten { files, folders, nothing };
template <Forgotten forgotten>
class Forgetful {
public:
    explicit Forgetful(SimulatedMachine& machine)
        : files_(machine.host().files, remembers<Forgotten::files>, remembers<Forgotten::folders>), story_(machine, files_) {}
    void work() { story_.work(); }
    void judge() { caught += !story_.wrongs().empty(); }
    static inline int caught = 0;

private:
    template <Forgotten what>
    static bool remembers(const std::string& path) { return forgotten != what || !path.starts_with("/backups"); }
    ForgetfulFiles files_;
    BackingUp<Mode::rollback> story_;
};
template <Forgotten forgotten>
int caught_in_many_cuts() {
    cut_power_at_every_step<Forgetful<forgotten>>(1);
    return Forgetful<forgotten>::caught;
}

TEST(ForgetfulDisk, IsCaughtUnderARepository) {
    EXPECT_GT(caught_in_many_cuts<Forgotten::files>(), 0);
    EXPECT_GT(caught_in_many_cuts<Forgotten::folders>(), 0);
    EXPECT_EQ(caught_in_many_cuts<Forgotten::nothing>(), 0);
}

}  // namespace
}  // namespace holdfast::tests
