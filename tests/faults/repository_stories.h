// Stories of a repository's life, with a database on the same simulated disk: each works until its first error, and says
// what is wrong afterwards.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <map>

#include "faults/floors.h"
#include "faults/simulated_database.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/forget.h"
#include "holdfast/operations/init.h"
#include "holdfast/operations/list.h"
#include "holdfast/operations/restore.h"

namespace holdfast::tests {
using operations::Context;

class Life {
public:
    static inline const std::string database = "/data/app.db", cache = "/home/cache";
    Life(SimulatedMachine& machine, host::FileSystem& seen)
        : machine_(machine), host_(machine.host()), seen_(seen_through(seen, host_)), databases_(seen_), judging_(host_) {
        for (const char* name : {"HOLDFAST_REPOSITORY", "HOLDFAST_PASSWORD_FILE", "HOLDFAST_PASSWORD_COMMAND", "HOLDFAST_KEY_FILE"}) {
            ::unsetenv(name);
        }
        ::setenv("XDG_CACHE_HOME", cache.c_str(), 1);
        must(host::make_folders_durably(host_.files, "/data", 0700));
    }
    virtual ~Life() = default;
    void judge() { EXPECT_EQ(wrongs(), ""); }
    // Everything that breaks a promise, for people; "" when all is kept.
    virtual std::string wrongs() {
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
    static operations::RepositoryRequest repository(const std::string& path = "/backups/app") {
        operations::RepositoryRequest request;
        request.repository = path;
        return request;
    }
    static Result<std::uint64_t> back_up(Context context) {
        operations::BackupRequest request;
        request.wait_s = 0;
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

    struct Kept {
        std::string repository;
        std::uint64_t number = 0;
    };
    // Restores it to a new file, whose path comes back.
    Result<std::string> looked_at(const Kept& kept) {
        std::string to = format("/looked/{}-{}.db", kept.number, ++looks_);
        operations::RestoreRequest request;
        request.repository = repository(kept.repository);
        request.snapshot = std::to_string(kept.number);
        request.to = to;
        auto steady = undisturbed();
        TRY(operations::restore(steady, request));
        return to;
    }
    std::string wrong_with(const Kept& kept, const std::string& content) {
        const auto path = looked_at(kept);
        if (!path) return format("backup {} cannot be restored: {}", kept.number, path.error().text());
        return judging_.content_of(*path) == content ? "" : format("backup {} has another content", kept.number);
    }
    std::string wrong_with(std::uint64_t number, const std::string& content) {
        return wrong_with({repository().repository, number}, content);
    }
    // In place when `to` is "".
    Result<operations::RestoreReport> restored(Context context, const std::string& to) const {
        operations::RestoreRequest request;
        request.repository = repository();
        request.snapshot = "1";
        request.to = to;
        request.wait_s = 0;
        return operations::restore(context, request);
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
    std::string wrongs() override {
        if (!made_) {
            auto steady = undisturbed();
            const auto again = operations::init(steady, {.repository = repository()});
            if (!again && again.error().code() != ErrorCode::exists) return "init fails: " + again.error().text();
        }
        return Life::wrongs();
    }
    static constexpr Floor floor() { return {"init and a first backup", 3, 279, 276}; }

private:
    bool made_ = false;
};

enum class Mode { rollback, wal, wal_open };
constexpr std::array<Floor, 3> backup_floors{{
    {"backup, rollback journal", 3, 198, 195},
    {"backup, WAL", 3, 198, 195},
    {"backup, WAL, open", 3, 219, 216},
}};
template <Mode mode>
class BackingUp : public Life {
public:
    explicit BackingUp(SimulatedMachine& machine) : BackingUp(machine, machine.host().files) {}
    BackingUp(SimulatedMachine& machine, host::FileSystem& seen) : Life(machine, seen) {
        init();
        keep(database_sql(mode == Mode::rollback ? "DELETE" : "WAL", "a", 12));
        change(rows_of_kind("b", 12));
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
    static constexpr Floor floor() { return backup_floors[static_cast<std::size_t>(mode)]; }
};

class Forgetting : public Life {
public:
    explicit Forgetting(SimulatedMachine& machine) : Forgetting(machine, machine.host().files) {}
    Forgetting(SimulatedMachine& machine, host::FileSystem& seen) : Life(machine, seen) {
        init();
        for (const char* kind : {"a", "b", "c"}) keep(*kind == 'a' ? database_sql("WAL", kind, 6) : rows_of_kind(kind, 6));
    }
    void work() {
        auto cut = disturbed();
        if (!(forgotten_ = acknowledge(operations::forget(cut, {.repository = repository(), .snapshots = {"1", "2"}})))) return;
        recalling_ = true;
        recalled_ = acknowledge(operations::recall(cut, {.repository = repository(), .snapshots = {"2"}}));
    }
    std::string wrongs() override {
        auto steady = undisturbed();
        const auto listed = operations::list(steady, {.repository = repository(), .source = {}, .forgotten = true});
        if (!listed) return "it cannot be listed: " + listed.error().text();
        if (!listed->damage.empty()) return "the list tells of damage: " + listed->damage.front();
        for (const auto& backup : listed->backups) {
            const bool is_forgotten = backup.state == "forgotten";
            if (backup.number == 1 && forgotten_ && !is_forgotten) return "backup 1 is not forgotten";
            if (backup.number == 2 && forgotten_ && !recalling_ && !is_forgotten) return "backup 2 is not forgotten";
            if (backup.number == 2 && recalled_ && is_forgotten) return "backup 2 is not recalled";
            if (backup.number == 3 && is_forgotten) return "backup 3 is forgotten";
        }
        return Life::wrongs();
    }
    static constexpr Floor floor() { return {"forget and recall", 6, 132, 63}; }

private:
    bool forgotten_ = false, recalling_ = false, recalled_ = false;
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
    std::string wrongs() override {
        if (auto wrong = Life::wrongs(); !wrong.empty()) return wrong;
        if (const auto again = pruned(undisturbed()); !again) return "the next prune fails: " + again.error().text();
        return Life::wrongs();
    }
    static constexpr Floor floor() { return {"prune", 3, 174, 171}; }

private:
    static Result<operations::PruneReport> pruned(Context context) {
        return operations::prune(context, {.repository = repository(), .grace = "0", .wait_s = 0});
    }
};

// In place, through SQLite, with the safety backup that comes before.
template <Mode mode>
class RestoringInPlace : public Life {
public:
    explicit RestoringInPlace(SimulatedMachine& machine) : RestoringInPlace(machine, machine.host().files) {}
    RestoringInPlace(SimulatedMachine& machine, host::FileSystem& seen) : Life(machine, seen) {
        init();
        keep(database_sql(mode == Mode::rollback ? "DELETE" : "WAL", "a", 12));
        wanted_ = last_;
        change(rows_of_kind("b", 6));
    }
    void work() {
        const auto restored = this->restored(disturbed(), "");
        if (!(restored_ = acknowledge(restored))) return;
        safety_ = {restored->safety_repository, restored->safety_number};
        // Where the repository could not be written, it is in another one beside the database.
        looked_beside += safety_.repository != repository().repository;
    }
    std::string wrongs() override {
        if (!restored_) return Life::wrongs();
        if (judging_.content_of(database) != wanted_) return "the restore was acknowledged, and is not there";
        if (auto wrong = wrong_with(safety_, last_); !wrong.empty()) return "safety backup: " + wrong;
        return Life::wrongs();
    }
    static inline int looked_beside = 0;
    static constexpr Floor floor() {
        return mode == Mode::rollback ? Floor{"restore in place with its safety backup, rollback journal", 3, 237, 234}
                                      : Floor{"restore in place with its safety backup, WAL", 3, 225, 222};
    }

private:
    std::string wanted_;
    Kept safety_;
    bool restored_ = false;
};

// To a new file in a new folder.
class RestoringBeside : public Life {
public:
    explicit RestoringBeside(SimulatedMachine& machine) : RestoringBeside(machine, machine.host().files) {}
    RestoringBeside(SimulatedMachine& machine, host::FileSystem& seen) : Life(machine, seen) {
        init();
        keep(database_sql("WAL", "a", 12));
        wanted_ = last_;
    }
    void work() { restored_ = acknowledge(restored(disturbed(), beside)); }
    std::string wrongs() override {
        const bool is_there = must(host::exists(host_.files, beside));
        if (restored_ && !is_there) return "the restore was acknowledged, and is not there";
        if (is_there && judging_.content_of(beside) != wanted_) return "the new file is not the backup";
        return Life::wrongs();
    }
    static constexpr Floor floor() { return {"restore to a new file, by the operation", 5, 80, 45}; }

private:
    static inline const std::string beside = "/data/new/app.db";
    std::string wanted_;
    bool restored_ = false;
};

// In place, by a swap, where something lies that is no database: it is there until the backup is, and kept aside then.
class RestoringOverDamage : public Life {
public:
    explicit RestoringOverDamage(SimulatedMachine& machine) : RestoringOverDamage(machine, machine.host().files) {}
    RestoringOverDamage(SimulatedMachine& machine, host::FileSystem& seen) : Life(machine, seen) {
        init();
        keep(database_sql("DELETE", "a", 12));
        wanted_ = last_;
        must(host::replace_atomically(host_.files, database, bytes_of(damage), 0600));
        machine.advance_ms(5000);
    }
    void work() {
        const auto done = restored(disturbed(), "");
        if (!(restored_ = acknowledge(done))) return;
        aside_ = done->databases.front().moved_aside;
        safety_ = {done->safety_repository, done->safety_number};
    }
    std::string wrongs() override {
        if (!restored_ && is_damage(database)) return wrong_with(1, wanted_);
        if (judging_.content_of(database) != wanted_) return "neither the old file nor the backup is there";
        if (restored_ && (aside_.empty() || !is_damage(aside_.front()))) return "the old file is not kept aside";
        if (restored_ && !is_damage(looked_at(safety_).value_or(""))) return "the safety backup is not the old file";
        return Life::wrongs();
    }
    static constexpr Floor floor() { return {"restore by swap, by the operation", 4, 236, 174}; }

private:
    static constexpr std::string_view damage = "this is no database, and somebody may want it";
    bool is_damage(const std::string& path) const {
        const auto found = host::read_file(host_.files, path, 1 << 20);
        return found && *found == copy_of(bytes_of(damage));
    }
    std::string wanted_;
    std::vector<std::string> aside_;
    Kept safety_;
    bool restored_ = false;
};

}  // namespace holdfast::tests
