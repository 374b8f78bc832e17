// What holds of a local store when the power goes at any step, a step fails, or there is no room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "faults/floors.h"
#include "holdfast/base/text.h"
#include "holdfast/store/local_store.h"
#include "support/forgetful_files.h"
#include "support/results.h"

namespace holdfast::tests {
namespace {

using store::ObjectName;
using store::ObjectStore;
using ::testing::IsEmpty;

const std::string folder = "/depot/store";

Bytes content_of(std::uint64_t n) { return Bytes(300 + 400 * (n % 4), static_cast<std::byte>('a' + n)); }

std::unique_ptr<ObjectStore> open(host::Host host) { return must(store::open_local_store(host, folder, {})); }

// Two writers put, overlap, claim and remove, each step only when the one before was acknowledged. Afterwards the
// store has to be exactly what was acknowledged, give or take the step that failed.
class Keeping {
public:
    // `seen` is the machine as the store sees it; the judge looks at the real one.
    Keeping(SimulatedMachine& machine, host::FileSystem& seen)
        : host_(machine.host()), seen_{seen, host_.clock, host_.random, host_.log} {
        must(store::create_local_folder(host_, folder, {}));
        // A folder that another process has made and not synced.
        must(host_.files.make_folder(folder + "/packs", 0700));
        must(host_.files.make_folder(folder + "/packs/aa", 0700));
    }
    explicit Keeping(SimulatedMachine& machine) : Keeping(machine, machine.host().files) {}
    static constexpr Floor floor() { return {"objects in a folder", 30, 1900, 186}; }

    void work() {
        const auto one = open(seen_), two = open(seen_);
        const bool done = put(*one, "packs/aa/1", 1) && put(*one, "packs/bb/2", 2) && put(*two, "packs/bb/3", 3) &&
                          put(*two, "snapshots/1", 4) && put_again(*one, "snapshots/1") && claim(*one, "sessions/1") &&
                          remove(*two, {"packs/aa/1"}) && put(*two, "config", 5) &&
                          remove(*one, {"packs/bb/2", "packs/bb/3", "packs/none/9"}) && put(*one, "packs/aa/1", 6);
        static_cast<void>(done);
    }
    void judge() {
        EXPECT_EQ(wrongs(), "");
        // It goes on working, and sweeping leaves nothing of the dead.
        const auto store = open(host_);
        EXPECT_THAT(store->put_if_absent(ObjectName("packs/cc/7"), content_of(7)), Succeeds());
        EXPECT_EQ(must(store->get(ObjectName("packs/cc/7"), 1 << 20)), content_of(7));
        must(store::sweep_leftovers(host_, folder, [](const auto&) { return host::Alive::no; }));
        const auto left = host_.files.list(folder + "/tmp");
        EXPECT_TRUE(!left.ok() || left->empty());
    }

    // Everything that breaks a promise, for people; "" when all is kept.
    std::string wrongs() {
        std::string wrong;
        const auto store = open(host_);
        std::map<std::string, Bytes> found;
        for (const auto& object : must(store->list(""))) {
            found[object.name.text()] = must(store->get(object.name, 1 << 20));
        }
        for (const auto& [name, bytes] : expected_) {
            if (unsure_.contains(name)) continue;
            if (!found.contains(name)) wrong += " lost " + name;
        }
        for (const auto& [name, bytes] : found) {
            if (fleeting_.contains(name)) continue;
            const bool is_expected = expected_.contains(name) && expected_[name] == bytes;
            const bool is_unsure = unsure_.contains(name) && unsure_[name] == bytes;
            if (!is_expected && !is_unsure) wrong += " wrong " + name;
        }
        return wrong;
    }

private:
    bool put(ObjectStore& store, const char* name, std::uint64_t n) {
        unsure_ = {{name, content_of(n)}};
        if (!store.put_if_absent(ObjectName(name), content_of(n))) return false;
        expected_[name] = content_of(n);
        unsure_.clear();
        return true;
    }
    static bool put_again(ObjectStore& store, const char* name) {
        const auto put = store.put_if_absent(ObjectName(name), bytes_of("other"));
        return !put && put.error().code() == ErrorCode::exists;
    }
    bool claim(ObjectStore& store, const char* name) {
        fleeting_.insert(name);
        return store.put_fleeting(ObjectName(name), bytes_of("claim")).ok();
    }
    bool remove(ObjectStore& store, const std::vector<const char*>& names) {
        std::vector<ObjectName> gone;
        unsure_.clear();
        for (const auto* name : names) {
            gone.push_back(ObjectName(name));
            if (expected_.contains(name)) unsure_[name] = expected_[name];
        }
        if (!store.remove_all(gone)) return false;
        for (const auto* name : names) expected_.erase(name);
        unsure_.clear();
        return true;
    }

    host::Host host_, seen_;
    std::map<std::string, Bytes> expected_, unsure_;
    std::set<std::string> fleeting_;
};

class KeepingWithoutLinks : public Keeping {
public:
    explicit KeepingWithoutLinks(SimulatedMachine& machine) : Keeping(without_links(machine)) {}
    static constexpr Floor floor() { return {"objects in a folder, no hard links", 20, 1400, 207}; }

private:
    static SimulatedMachine& without_links(SimulatedMachine& machine) {
        machine.set_hard_links(false);
        return machine;
    }
};

TEST(LocalStore, KeepsItsPromises) {
    expect_kept_at_every_cut<Keeping>();
    expect_kept_when_any_step_fails<Keeping>();
}

TEST(LocalStore, KeepsItsPromisesWithoutHardLinks) {
    expect_kept_at_every_cut<KeepingWithoutLinks>();
    expect_kept_when_any_step_fails<KeepingWithoutLinks>();
}

TEST(LocalStore, KeepsItsPromisesWhenStepsAreDenied) {
    EXPECT_GE(fail_every_step<Keeping>(ErrorCode::denied), 60u);
    EXPECT_GE(fail_every_step<KeepingWithoutLinks>(ErrorCode::denied), 60u);
}

// A failing step, and then the power goes: what was acknowledged after the failure still has to be there.
class KeepingAfterAFailure : public Keeping {
public:
    explicit KeepingAfterAFailure(SimulatedMachine& machine) : Keeping(machine), machine_(machine) {}
    void judge() {
        machine_.reboot();
        Keeping::judge();
    }

private:
    SimulatedMachine& machine_;
};

TEST(LocalStore, KeepsItsPromisesWhenAStepFailsAndThenThePowerGoes) {
    EXPECT_GE(fail_every_step<KeepingAfterAFailure>(ErrorCode::unavailable), 50u);
}

// --- stores that are wrong in one way each: the tests above would notice ---

struct Forgetful {
    explicit Forgetful(SimulatedMachine& machine, ForgetfulFiles::Syncs file, ForgetfulFiles::Syncs dir)
        : files(machine.host().files, std::move(file), std::move(dir)) {}
    ForgetfulFiles files;
};

const auto always = [](const std::string&) { return true; };
const auto never = [](const std::string&) { return false; };

enum class Mistake { none, no_file_sync, no_folder_sync, no_sync_of_the_way_down };

template <Mistake mistake>
class WronglyKeeping : Forgetful, public Keeping {
public:
    explicit WronglyKeeping(SimulatedMachine& machine)
        : Forgetful(machine, mistake == Mistake::no_file_sync ? ForgetfulFiles::Syncs(never) : always, folders()),
          Keeping(machine, files) {}
    void judge() { caught += !wrongs().empty(); }
    static inline int caught = 0;

private:
    static ForgetfulFiles::Syncs folders() {
        if (mistake == Mistake::no_folder_sync) return never;
        if (mistake == Mistake::no_sync_of_the_way_down) {
            return [](const std::string& path) { return path != folder && path != folder + "/packs"; };
        }
        return always;
    }
};

template <Mistake mistake>
int caught_in_many_cuts() {
    cut_power_at_every_step<WronglyKeeping<mistake>>(5);
    return WronglyKeeping<mistake>::caught;
}

TEST(WrongStores, AreCaught) {
    EXPECT_GT(caught_in_many_cuts<Mistake::no_file_sync>(), 0);
    EXPECT_GT(caught_in_many_cuts<Mistake::no_folder_sync>(), 0);
    EXPECT_GT(caught_in_many_cuts<Mistake::no_sync_of_the_way_down>(), 0);
    EXPECT_EQ(caught_in_many_cuts<Mistake::none>(), 0);
}

// --- no room, no right to write ---

class FullOrReadOnly : public ::testing::Test {
protected:
    FullOrReadOnly() { must(store::create_local_folder(machine.host(), folder, {})); }
    SimulatedMachine machine{1};
};

TEST_F(FullOrReadOnly, APutThatHasNoRoomLeavesNothingAndRemovingMakesRoom) {
    const auto store = open(machine.host());
    must(store->put_if_absent(ObjectName("a"), Bytes(3000)));
    machine.set_capacity(4000);
    EXPECT_THAT(store->put_if_absent(ObjectName("b"), Bytes(2000)), FailsWith(ErrorCode::full));
    EXPECT_THAT(store->get(ObjectName("b"), 5000), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(must(machine.host().files.free_bytes(folder)), 1000u) << "nothing half-written takes room";
    EXPECT_THAT(store->get(ObjectName("a"), 5000), Succeeds());
    machine.set_capacity(0);
    EXPECT_THAT(store->remove(ObjectName("a")), Succeeds());
    machine.set_capacity(4000);
    EXPECT_THAT(store->put_if_absent(ObjectName("b"), Bytes(2000)), Succeeds());
}

TEST_F(FullOrReadOnly, AReadOnlyStoreIsRead) {
    must(open(machine.host())->put_if_absent(ObjectName("packs/aa/1"), bytes_of("text")));
    machine.set_read_only(true);
    const auto store = open(machine.host());
    Bytes into(2);
    EXPECT_EQ(text_of(must(store->get(ObjectName("packs/aa/1"), 10))), "text");
    EXPECT_THAT(store->read(ObjectName("packs/aa/1"), 1, into), Succeeds());
    EXPECT_EQ(must(store->list("")).size(), 1u);
    EXPECT_THAT(store->put_if_absent(ObjectName("b"), {}), FailsWith(ErrorCode::denied));
    EXPECT_THAT(store->remove(ObjectName("packs/aa/1")), FailsWith(ErrorCode::denied));
}

TEST_F(FullOrReadOnly, AFleetingObjectMayBeLostOrTorn) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        SimulatedMachine other(seed);
        must(store::create_local_folder(other.host(), folder, {}));
        must(open(other.host())->put_if_absent(ObjectName("sessions/0"), {}));
        must(open(other.host())->put_fleeting(ObjectName("sessions/1"), bytes_of("claim")));
        other.reboot();
        const auto bytes = open(other.host())->get(ObjectName("sessions/1"), 100);
        seen.insert(bytes.ok() ? std::string(text_of(*bytes)) : "lost");
    }
    EXPECT_EQ(seen, (std::set<std::string>{"claim", "lost", "", std::string(5, '\0')}));
}

}  // namespace
}  // namespace holdfast::tests
