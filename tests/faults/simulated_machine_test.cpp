#include "support/simulated_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;

constexpr std::size_t sector = 512;

Bytes filled(std::size_t size, char letter) { return Bytes(size, static_cast<std::byte>(letter)); }

std::string text_at(SimulatedMachine& machine, const std::string& path) {
    const auto bytes = host::read_file(machine.host().files, path, 1 << 24);
    return bytes.ok() ? std::string(text_of(*bytes)) : "<" + std::string(name_of(bytes.error().code())) + ">";
}

std::unique_ptr<host::File> make(SimulatedMachine& machine, const std::string& path, ByteView bytes = {}) {
    auto file = must(machine.host().files.create(path, 0600));
    must(file->write_at(0, bytes));
    return file;
}

void make_durable(SimulatedMachine& machine, const std::string& path, ByteView bytes) {
    must(make(machine, path, bytes)->sync());
    must(machine.host().files.sync_folder(host::folder_of(path)));
}

// What is found after a cut, over many seeds.
std::set<std::string> outcomes(const std::function<std::string(SimulatedMachine&)>& story) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        SimulatedMachine machine(seed);
        seen.insert(story(machine));
    }
    return seen;
}

TEST(PowerCut, KeepsWhatWasSynced) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimulatedMachine machine(seed);
        auto& files = machine.host().files;
        must(host::make_folders_durably(files, "/a/b", 0700));
        make_durable(machine, "/a/b/c", filled(3 * sector + 7, 'x'));
        machine.cut_power();
        machine.reboot();
        EXPECT_EQ(text_at(machine, "/a/b/c"), std::string(3 * sector + 7, 'x'));
        EXPECT_EQ(must(files.status("/a/b/c")).mode, 0600u);
    }
}

TEST(PowerCut, LosesKeepsOrMixesSectorsThatWereNotSynced) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        make_durable(machine, "/f", filled(3 * sector, 'o'));
        must(must(machine.host().files.open_to_write("/f"))->write_at(0, filled(3 * sector, 'n')));
        machine.reboot();
        const auto text = text_at(machine, "/f");
        std::string sectors;
        for (std::size_t at = 0; at < text.size(); at += sector) {
            EXPECT_EQ(text.substr(at, sector), std::string(sector, text[at])) << "a sector is never torn";
            sectors += text[at];
        }
        return sectors;
    });
    EXPECT_EQ(seen, (std::set<std::string>{"ooo", "oon", "ono", "onn", "noo", "non", "nno", "nnn"}));
}

TEST(PowerCut, MayShowASectorAfterAnyOfItsWrites) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        make_durable(machine, "/f", bytes_of("0---"));
        const auto file = must(machine.host().files.open_to_write("/f"));
        must(file->write_at(0, bytes_of("1")));
        must(file->write_at(2, bytes_of("2")));
        machine.reboot();
        return text_at(machine, "/f");
    });
    EXPECT_EQ(seen, (std::set<std::string>{"0---", "1---", "1-2-"})) << "never the second write without the first";
}

TEST(PowerCut, MayLoseASizeAndKeepTheBytes) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        make_durable(machine, "/f", bytes_of("ab"));
        const auto file = must(machine.host().files.open_to_write("/f"));
        must(file->write_at(2, bytes_of("cd")));
        must(file->resize(3));
        machine.reboot();
        return std::string(text_at(machine, "/f"));
    });
    const std::string zero(1, '\0');
    EXPECT_TRUE(seen.contains("ab"));
    EXPECT_TRUE(seen.contains("abc"));
    EXPECT_TRUE(seen.contains("abcd"));
    EXPECT_TRUE(seen.contains("ab" + zero)) << "the size without the bytes";
}

TEST(PowerCut, LosesTheBytesOfAFileWhoseNameIsDurable) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        make(machine, "/f", bytes_of("text"));
        must(machine.host().files.sync_folder("/"));
        machine.reboot();
        return text_at(machine, "/f");
    });
    EXPECT_TRUE(seen.contains("text"));
    EXPECT_TRUE(seen.contains(""));
    EXPECT_FALSE(seen.contains("<not_found>"));
}

TEST(PowerCut, LosesTheNameOfAFileWhoseBytesAreDurable) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        must(make(machine, "/f", bytes_of("text"))->sync());
        machine.reboot();
        return text_at(machine, "/f");
    });
    EXPECT_EQ(seen, (std::set<std::string>{"text", "<not_found>"}));
}

TEST(PowerCut, KeepsNameChangesInAnyCombination) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        auto& files = machine.host().files;
        for (const auto* name : {"/1", "/2"}) must(make(machine, name)->sync());
        must(files.sync_folder("/"));
        must(files.remove("/1"));
        must(files.link("/2", "/3"));
        machine.reboot();
        std::string names;
        for (const auto& name : must(files.list("/"))) names += name;
        return names;
    });
    EXPECT_EQ(seen, (std::set<std::string>{"12", "2", "123", "23"}));
}

TEST(PowerCut, KeepsARenameWholeOrNotAtAll) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        make_durable(machine, "/old", bytes_of("old"));
        make_durable(machine, "/new", bytes_of("new"));
        must(machine.host().files.rename("/new", "/old"));
        machine.reboot();
        return text_at(machine, "/old") + text_at(machine, "/new");
    });
    EXPECT_EQ(seen, (std::set<std::string>{"oldnew", "new<not_found>"}));
}

TEST(PowerCut, KeepsARenameBetweenFoldersOpenWhenOneIsSynced) {
    const auto story = [](const char* synced) {
        return outcomes([synced](SimulatedMachine& machine) {
            auto& files = machine.host().files;
            must(host::make_folders_durably(files, "/a", 0700));
            must(host::make_folders_durably(files, "/b", 0700));
            make_durable(machine, "/a/f", bytes_of("f"));
            must(files.rename("/a/f", "/b/f"));
            if (synced) must(files.sync_folder(synced));
            machine.reboot();
            return text_at(machine, "/a/f") + " " + text_at(machine, "/b/f");
        });
    };
    EXPECT_EQ(story(nullptr), (std::set<std::string>{"f <not_found>", "<not_found> f"}));
    EXPECT_EQ(story("/b"), (std::set<std::string>{"f f", "<not_found> f"}));
    EXPECT_EQ(story("/a"), (std::set<std::string>{"<not_found> <not_found>", "<not_found> f"}));
}

TEST(PowerCut, LosesAFolderWithAllThatIsInIt) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        must(machine.host().files.make_folder("/a", 0700));
        make_durable(machine, "/a/f", bytes_of("f"));
        machine.reboot();
        return text_at(machine, "/a/f");
    });
    EXPECT_EQ(seen, (std::set<std::string>{"f", "<not_found>"}));
}

TEST(PowerCut, KeepsOrLosesALinkWithWhatItSays) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        auto& files = machine.host().files;
        must(files.make_link("one", "/durable"));
        must(files.sync_folder("/"));
        must(files.make_link("two", "/open"));
        machine.cut_power();
        machine.reboot();
        EXPECT_EQ(must(files.read_link("/durable")), "one");
        const auto open = files.read_link("/open");
        return open ? *open : std::string(name_of(open.error().code()));
    });
    EXPECT_EQ(seen, (std::set<std::string>{"two", "not_found"}));
}

TEST(PowerCut, EndsEverythingUntilTheReboot) {
    SimulatedMachine machine(1);
    auto& files = machine.host().files;
    make_durable(machine, "/f", bytes_of("f"));
    const auto file = must(files.open_to_write("/f"));
    auto lock = must(files.try_lock("/lock"));
    machine.cut_power_at_step(machine.steps() + 2);
    must(file->write_at(0, bytes_of("g")));
    EXPECT_FALSE(machine.power_is_off());
    EXPECT_THAT(file->sync(), FailsWith(ErrorCode::unavailable));
    EXPECT_TRUE(machine.power_is_off());
    const auto steps = machine.steps();
    Bytes into(1);
    EXPECT_THAT(file->read_at(0, into), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(files.status("/f"), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(files.create("/g", 0600), FailsWith(ErrorCode::unavailable));
    EXPECT_EQ(files.list("/").error().message(), "list /: power is off");
    EXPECT_EQ(machine.steps(), steps);
    machine.reboot();
    EXPECT_THAT(files.status("/f"), Succeeds());
    EXPECT_THAT(file->read_at(0, into), FailsWith(ErrorCode::unavailable)) << "opened before the cut";
    const auto lock_after = must(files.try_lock("/lock"));
    lock.reset();
    EXPECT_THAT(files.try_lock("/lock"), FailsWith(ErrorCode::busy)) << "a lock of before the cut frees nothing";
}

TEST(PowerCut, LetsTheLastStepHappenOrNot) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        machine.cut_power_at_step(1);
        EXPECT_THAT(machine.host().files.make_folder("/a", 0700), FailsWith(ErrorCode::unavailable));
        machine.reboot();
        return std::string(must(host::exists(machine.host().files, "/a")) ? "there" : "not there");
    });
    EXPECT_EQ(seen, (std::set<std::string>{"there", "not there"}));
}

TEST(FailedSync, LeavesDoubtfulBytesThatALaterSyncDoesNotSave) {
    const auto seen = outcomes([](SimulatedMachine& machine) {
        auto& files = machine.host().files;
        make_durable(machine, "/f", filled(2 * sector, 'o'));
        const auto file = must(files.open_to_write("/f"));
        must(file->write_at(0, filled(sector, 'n')));
        machine.fail_step(machine.steps() + 1, ErrorCode::unavailable);
        EXPECT_THAT(file->sync(), FailsWith(ErrorCode::unavailable));
        EXPECT_THAT(file->sync(), FailsWith(ErrorCode::unavailable)) << "a failure is final";
        const auto again = must(files.open_to_write("/f"));
        must(again->write_at(sector, filled(sector, 'n')));
        must(again->sync());
        machine.reboot();
        const auto text = text_at(machine, "/f");
        return std::string{text[0], text[sector]};
    });
    EXPECT_EQ(seen, (std::set<std::string>{"on", "nn"}));
}

TEST(FailedStep, HasNotHappenedOrInPart) {
    SimulatedMachine machine(1);
    auto& files = machine.host().files;
    const auto file = make(machine, "/f", bytes_of("old!"));
    machine.fail_step(machine.steps() + 1, ErrorCode::full);
    EXPECT_THAT(file->write_at(0, bytes_of("new!")), FailsWith(ErrorCode::full));
    EXPECT_EQ(text_at(machine, "/f"), "ned!");
    machine.fail_step(machine.steps() + 1, ErrorCode::unavailable);
    EXPECT_THAT(files.rename("/f", "/g"), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(files.rename("/f", "/g"), Succeeds()) << "the next step goes on";
    EXPECT_THAT(must(files.list("/")), ElementsAre("g"));
}

TEST(Capacity, IsSharedByAllFilesAndFreedByRemoving) {
    SimulatedMachine machine(1);
    auto& files = machine.host().files;
    machine.set_capacity(1000);
    const auto file = make(machine, "/f", Bytes(600));
    must(files.link("/f", "/second"));
    EXPECT_EQ(must(files.free_bytes("/")), 400u) << "a second name takes no room";
    EXPECT_THAT(file->write_at(600, Bytes(401)), FailsWith(ErrorCode::full));
    EXPECT_THAT(file->resize(1001), FailsWith(ErrorCode::full));
    EXPECT_THAT(file->write_at(0, Bytes(600)), Succeeds()) << "overwriting needs none";
    must(files.remove("/f"));
    must(files.remove("/second"));
    EXPECT_EQ(must(files.free_bytes("/")), 1000u);
    EXPECT_THAT(make(machine, "/g")->write_at(0, Bytes(1000)), Succeeds());
}

TEST(ReadOnly, DeniesEveryStepAndNoLook) {
    SimulatedMachine machine(1);
    auto& files = machine.host().files;
    make_durable(machine, "/f", bytes_of("f"));
    machine.set_read_only(true);
    EXPECT_EQ(text_at(machine, "/f"), "f");
    EXPECT_THAT(files.open_to_write("/f"), FailsWith(ErrorCode::denied));
    EXPECT_THAT(files.create("/g", 0600), FailsWith(ErrorCode::denied));
    EXPECT_THAT(files.remove("/f"), FailsWith(ErrorCode::denied));
    EXPECT_THAT(files.try_lock("/lock"), FailsWith(ErrorCode::denied));
    EXPECT_THAT(must(files.list("/")), ElementsAre("f"));
}

TEST(SimulatedFiles, AnswerAsRealOnesDo) {
    SimulatedMachine machine(1);
    auto& files = machine.host().files;
    must(files.make_folder("/a", 0750));
    make(machine, "a/f", bytes_of("text"));
    EXPECT_EQ(must(files.canonical("./a//../a/f")), "/a/f");
    EXPECT_THAT(files.create("/a/f", 0600), FailsWith(ErrorCode::exists));
    EXPECT_THAT(files.create("/missing/f", 0600), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(files.create("/a/f/x", 0600), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(files.open_to_read("/a"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(must(files.open_to_read("/a/f"))->write_at(0, bytes_of("x")), FailsWith(ErrorCode::denied));
    EXPECT_THAT(files.remove_folder("/a"), FailsWith(ErrorCode::exists));
    EXPECT_THAT(files.rename_if_absent("/a/f", "/a"), FailsWith(ErrorCode::exists));
    EXPECT_THAT(files.read_link("/a/f"), FailsWith(ErrorCode::invalid));
    must(files.link("/a/f", "/g"));
    must(files.rename("/a/f", "/g"));
    EXPECT_THAT(files.status("/a/f"), Succeeds()) << "rename(2) leaves two names of one file as they are";
    EXPECT_EQ(must(files.status("/a")).mode, 0750u);
    must(files.set_mode("/a", 0700));
    EXPECT_EQ(must(files.status("/a")).mode, 0700u);
    must(host::remove_tree(files, "/a"));
    EXPECT_THAT(must(files.list("/")), ElementsAre("g"));
    Bytes into(10);
    EXPECT_EQ(must(must(files.open_to_read("/g"))->read_at(2, into)), 2u);
    EXPECT_EQ(must(must(files.open_to_read("/g"))->read_at(5, into)), 0u);
}

TEST(SimulatedFiles, FollowLinksAsRealOnesDo) {
    SimulatedMachine machine(1);
    auto& files = machine.host().files;
    must(host::make_folders_durably(files, "/a/b", 0700));
    make(machine, "/a/b/file", filled(3, 'x'));
    must(files.make_link("b/file", "/a/near"));
    must(files.make_link("/a/b", "/folder"));
    must(files.make_link("../a/near", "/a/over"));
    must(files.make_link("nowhere", "/dangling"));
    must(files.make_link("/round", "/round"));
    EXPECT_EQ(text_at(machine, "/a/over"), "xxx");
    EXPECT_EQ(must(files.canonical("/folder/../near")), "/a/b/file");
    EXPECT_EQ(must(files.status("/folder/file")), must(files.status_of_link("/a/b/file")));
    EXPECT_EQ(must(files.status_of_link("/folder")).kind, host::FileKind::link);
    EXPECT_THAT(must(files.list("/folder")), ElementsAre("file"));
    EXPECT_THAT(files.open_to_read_unfollowed("/a/near"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.open_to_read_unfollowed("/folder/file"), Succeeds());
    EXPECT_THAT(files.status("/dangling"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(files.status("/round"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.create("/dangling", 0600), FailsWith(ErrorCode::exists));
    EXPECT_THAT(files.make_link("x", "/dangling"), FailsWith(ErrorCode::exists));
    must(files.set_modified("/folder", Timestamp{7}));
    EXPECT_EQ(must(files.status_of_link("/folder")).modified, Timestamp{7});
    EXPECT_NE(must(files.status("/folder")).modified, Timestamp{7});
    must(files.rename("/folder", "/elsewhere"));
    must(files.remove("/a/near"));
    EXPECT_EQ(text_at(machine, "/elsewhere/file"), "xxx") << "a link was removed, not what it leads to";
    const auto open = must(files.open_to_write("/a/b/file"));
    must(open->write_at(3, filled(2, 'y')));
    EXPECT_EQ(must(open->status()), must(files.status("/a/b/file")));
    EXPECT_EQ(must(open->status()).size, 5u);
}

TEST(SimulatedMachine, RepeatsItself) {
    const auto story = [](std::uint64_t seed) {
        SimulatedMachine machine(seed);
        const auto host = machine.host();
        std::string told = to_hex(host::random_bytes(host.random, 8));
        for (int i = 0; i < 20; ++i) {
            const auto path = format("/{}", host::random_u64(host.random));
            const auto file = make(machine, path, filled(2000, 'x'));
            if (i % 3 == 0) must(file->sync());
        }
        machine.reboot();
        for (const auto& name : must(host.files.list("/"))) told += name + text_at(machine, name);
        return told + format(" {} {}", machine.steps(), host.clock.now().nanoseconds);
    };
    EXPECT_EQ(story(1), story(1));
    EXPECT_NE(story(1), story(2));
}

TEST(SimulatedClock, MovesByItselfAndByAsking) {
    SimulatedMachine machine(1);
    auto& clock = machine.host().clock;
    const auto before = clock.now();
    const auto ticks = clock.monotonic_ns();
    clock.sleep_ms(1500);
    machine.advance_ms(500);
    EXPECT_GE(clock.now().nanoseconds - before.nanoseconds, 2 * nanoseconds_per_second);
    EXPECT_LT(clock.now().nanoseconds - before.nanoseconds, 3 * nanoseconds_per_second);
    EXPECT_GT(clock.monotonic_ns(), ticks);
}

}  // namespace
}  // namespace holdfast::tests
