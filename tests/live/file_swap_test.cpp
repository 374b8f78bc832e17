// A set of files swapped for another while other programs write to it, and found again after it was interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/passing_files.h"
#include "support/swapped_set.h"
#include "support/temporary_folder.h"

namespace holdfast::tests {
namespace {

using live::FileSwap;
using ::testing::HasSubstr;

// On the machine's own file system; "/data" of the set lies in a temporary folder there.
class FileSwapTest : public ::testing::Test {
protected:
    FileSwapTest() : host_(host::real_host()) {
        must(host_.files.make_folder((folder_ / "set"), 0755));
        write("index", "old index");
        write("extra", "extra");
    }
    void write(const std::string& name, const std::string& text) {
        const std::string path = at(name);
        if (must(host::exists(host_.files, path))) must(host_.files.remove(path));
        const auto file = must(host_.files.create(path, 0644));
        must(file->write_at(0, bytes_of(text)));
    }
    std::string text(const std::string& name) {
        const auto bytes = host::read_file(host_.files, at(name), 1 << 20);
        return bytes.ok() ? std::string(text_of(*bytes)) : std::string(name_of(bytes.error().code()));
    }
    std::string at(const std::string& name) const { return folder_ / ("set/" + name); }
    std::optional<live::SeenThing> seen(const std::string& name) { return live::seen_thing(must(host_.files.status_of_link(at(name))), ""); }

    std::unique_ptr<FileSwap> begin() { return must(FileSwap::begin(host_, (folder_ / "app.db"), bytes_copy("note"))); }
    static Bytes bytes_copy(const std::string& text) {
        const auto view = bytes_of(text);
        return {view.begin(), view.end()};
    }
    // index is replaced, extra goes, new comes
    live::SwapPlan plan(FileSwap& swap) {
        const auto stage = must(swap.add_stage((folder_ / "set")));
        live::SwapPlan plan;
        for (const auto* name : {"index", "new"}) {
            const std::string staged = host::join_path(stage, name);
            const auto file = must(host_.files.create(staged, 0644));
            must(file->write_at(0, bytes_of(std::string("new ") + name)));
            const bool is_there = must(host::exists(host_.files, at(name)));
            plan.steps.push_back({.path = at(name), .stage = stage, .before = is_there ? seen(name) : std::nullopt, .staged = staged});
        }
        plan.steps.push_back({.what = live::SwapStep::What::remove, .path = at("extra"), .stage = stage, .before = seen("extra")});
        return plan;
    }
    std::vector<std::string> names() {
        auto names = must(host_.files.list(folder_.path()));
        std::ranges::sort(names);
        return names;
    }

    TemporaryFolder folder_;
    host::Host host_;
};

TEST_F(FileSwapTest, ReplacesAddsAndRemoves) {
    const auto swap = begin();
    ASSERT_THAT(swap->carry_out(plan(*swap), {}), Succeeds());
    ASSERT_THAT(swap->finish(), Succeeds());
    EXPECT_EQ(text("index"), "new index");
    EXPECT_EQ(text("new"), "new new");
    EXPECT_EQ(text("extra"), "not_found");
    EXPECT_THAT(names(), ::testing::ElementsAre("set"));
}

TEST_F(FileSwapTest, UndoneItIsAsItWas) {
    const auto before = tree_of(host_.files, (folder_ / "set"), {.with_folder_looks = false});
    const auto swap = begin();
    ASSERT_THAT(swap->carry_out(plan(*swap), {}), Succeeds());
    ASSERT_THAT(swap->undo(), Succeeds());
    EXPECT_EQ(tree_of(host_.files, (folder_ / "set"), {.with_folder_looks = false}), before);
    EXPECT_THAT(names(), ::testing::ElementsAre("set"));
}

TEST_F(FileSwapTest, NotCarriedOutItLeavesNothing) {
    {
        const auto swap = begin();
        plan(*swap);
    }
    EXPECT_THAT(names(), ::testing::ElementsAre("set"));
    EXPECT_EQ(text("index"), "old index");
}

// Between the look that the backup of the state before is of, and the swap.
TEST_F(FileSwapTest, WhatAnotherProgramHasWrittenSinceIsNotReplaced) {
    for (const auto* name : {"index", "extra"}) {
        const auto swap = begin();
        auto steps = plan(*swap);
        const std::string old = text(name);
        write(name, "by another program");
        const auto done = swap->carry_out(std::move(steps), {});
        ASSERT_THAT(done, FailsWith(ErrorCode::busy));
        EXPECT_THAT(done.error().text(), HasSubstr(name));
        EXPECT_EQ(text(name), "by another program");
        EXPECT_EQ(text("new"), "not_found");
        EXPECT_THAT(names(), ::testing::ElementsAre("set"));
        write(name, old);
    }
}

TEST_F(FileSwapTest, WhatAnotherProgramHasPutThereIsNotReplaced) {
    const auto swap = begin();
    auto steps = plan(*swap);
    write("new", "by another program");
    ASSERT_THAT(swap->carry_out(std::move(steps), {}), FailsWith(ErrorCode::busy));
    EXPECT_EQ(text("new"), "by another program");
    EXPECT_EQ(text("index"), "old index");
}

// Who holds a file open writes to the one that was replaced.
TEST_F(FileSwapTest, AWriteIntoTheReplacedFileIsSeen) {
    const auto held = must(host_.files.open_to_write(at("index")));
    struct WritingFiles final : PassingFiles {
        WritingFiles(host::FileSystem& files, host::File& file) : PassingFiles(files), file_(file) {}
        Result<void> make_folder(const std::string& path, std::uint32_t mode) override {
            if (path.ends_with("/made")) must(file_.write_at(0, bytes_of("late and longer")));
            return files_.make_folder(path, mode);
        }
        host::File& file_;
    };
    WritingFiles files(host_.files, *held);
    host::Host seen{files, host_.clock, host_.random, host_.log};
    const auto watched = must(FileSwap::begin(seen, (folder_ / "app.db"), {}));
    auto again = plan(*watched);
    again.steps.insert(again.steps.begin() + 1, {.what = live::SwapStep::What::make_folder, .path = at("made"), .stage = again.steps[0].stage});
    ASSERT_THAT(watched->carry_out(std::move(again), {}), FailsWith(ErrorCode::busy));
    EXPECT_EQ(text("index"), "late and longer");
    EXPECT_FALSE(must(host::exists(host_.files, at("made"))));
}

// After the last look, by who has it open still: databases are committed by then, and there is no way back.
TEST_F(FileSwapTest, WhatIsWrittenIntoAReplacedFileAtTheVeryEndIsKept) {
    for (const auto* name : {"index", "extra"}) {
        write("index", "old index");
        write("extra", "extra");
        if (must(host::exists(host_.files, at("new")))) must(host_.files.remove(at("new")));
        const auto open_still = must(host_.files.open_to_write(at(name)));
        const auto swap = begin();
        ASSERT_THAT(swap->carry_out(plan(*swap), {}), Succeeds());
        must(open_still->write_at(0, bytes_of("a late word, and more")));
        const auto warnings = must(swap->finish());
        ASSERT_EQ(warnings.size(), 1u);
        const auto kept = std::string(name) + ".written-meanwhile-1";
        EXPECT_THAT(warnings[0], HasSubstr(kept));
        EXPECT_EQ(text(kept), "a late word, and more");
        EXPECT_EQ(text("index"), "new index");
        EXPECT_THAT(names(), ::testing::ElementsAre("set"));
    }
}

TEST_F(FileSwapTest, OneThatWasInterruptedIsFoundWithItsNote) {
    {
        const auto swap = begin();
        ASSERT_THAT(swap->carry_out(plan(*swap), {}), Succeeds());
        ASSERT_THAT(swap->note_replaced("app.db"), Succeeds());
    }
    const auto trace = must(FileSwap::look_beside(host_.files, (folder_ / "app.db")));
    ASSERT_TRUE(trace.has_value());
    EXPECT_EQ(trace->phase, FileSwap::Phase::swapped);
    EXPECT_EQ(trace->note, bytes_copy("note"));
    EXPECT_THAT(FileSwap::begin(host_, (folder_ / "app.db"), {}), FailsWith(ErrorCode::busy));
    const auto found = must(FileSwap::find(host_, (folder_ / "other.db")));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->note(), bytes_copy("note"));
    EXPECT_EQ(found->phase(), FileSwap::Phase::swapped);
    EXPECT_THAT(found->replaced(), ::testing::ElementsAre("app.db"));
    ASSERT_THAT(found->undo(), Succeeds());
    EXPECT_EQ(text("index"), "old index");
    EXPECT_FALSE(must(FileSwap::look_beside(host_.files, (folder_ / "app.db"))).has_value());
}

TEST_F(FileSwapTest, WhatWasWrittenAfterTheInterruptionStays) {
    {
        const auto swap = begin();
        ASSERT_THAT(swap->carry_out(plan(*swap), {}), Succeeds());
    }
    write("index", "by another program");
    const auto found = must(FileSwap::find(host_, (folder_ / "app.db")));
    const auto warnings = must(found->undo());
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_THAT(warnings.front(), HasSubstr("index stays"));
    EXPECT_EQ(text("index"), "by another program");
    EXPECT_EQ(text("extra"), "extra");
    EXPECT_EQ(text("new"), "not_found");
}

// Of what cannot be given to its owner people are told once; undone, nothing is to be given.
TEST_F(FileSwapTest, OwnersThatCannotBeGivenAreToldOnce) {
    struct OwnersStay final : PassingFiles {
        using PassingFiles::PassingFiles;
        Result<void> set_owner(const std::string& path, std::uint32_t, std::uint32_t) override { return fail(ErrorCode::denied, "set the owner of {}: refused", path); }
    };
    OwnersStay files(host_.files);
    const auto mine = must(host_.files.status(folder_.path()));
    for (const auto* name : {"a", "b", "c"}) must(host_.files.make_folder(at(name), 0755));
    const auto swap = must(FileSwap::begin({files, host_.clock, host_.random, host_.log}, (folder_ / "app.db"), {}));
    auto steps = plan(*swap);
    for (const auto* name : {"a", "b", "c"}) {
        const bool is_ours = std::string_view(name) == "c";
        steps.folders.push_back({.path = at(name), .mode = 0711, .modified = Timestamp{8'000'000'000}, .before = seen(name), .owner = live::ThingOwner{.owner = mine.owner + (is_ours ? 0 : 1), .group = mine.group}});
    }
    ASSERT_THAT(swap->carry_out(std::move(steps), {}), Succeeds());
    const auto warnings = must(swap->finish());
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_THAT(warnings[0], HasSubstr("set/b and 1 more "));
    EXPECT_THAT(warnings[0], HasSubstr("refused"));
    EXPECT_EQ(must(host_.files.status(at("a"))).mode, 0711u);
}

// What an older version wrote down says nothing of owners.
TEST(SwapJournal, OwnersMayBeMissingInIt) {
    const live::SeenThing folder{.kind = host::FileKind::folder, .size = 0, .mode = 0700, .modified = Timestamp{7}};
    live::SwapPlan plan{.steps = {{.what = live::SwapStep::What::remove_folder, .path = "/a", .stage = "/s", .before = folder}}, .folders = {{.path = "/b", .mode = 0755, .modified = Timestamp{8}, .before = folder}}};
    const auto old = must(encode_plan(plan));
    const auto read = must(live::decode_plan(old));
    EXPECT_FALSE(read.steps[0].before->owner || read.folders[0].owner || read.folders[0].before->owner);
    plan.steps[0].before->owner = {.owner = 1, .group = 2};
    plan.folders[0].before->owner = {.owner = 3, .group = 4};
    plan.folders[0].owner = {.owner = 5, .group = 0};
    const auto with_owners = must(live::decode_plan(must(encode_plan(plan))));
    EXPECT_EQ(with_owners.steps[0].before->owner, plan.steps[0].before->owner);
    EXPECT_EQ(with_owners.folders[0].before->owner, plan.folders[0].before->owner);
    EXPECT_EQ(with_owners.folders[0].owner, plan.folders[0].owner);
}

TEST_F(FileSwapTest, OneAtATime) {
    const auto swap = begin();
    EXPECT_THAT(FileSwap::find(host_, (folder_ / "app.db"), {.wait_ms = 10}), FailsWith(ErrorCode::busy));
}

TEST_F(FileSwapTest, ADamagedJournalIsLeftAlone) {
    {
        const auto swap = begin();
        ASSERT_THAT(swap->carry_out(plan(*swap), {}), Succeeds());
    }
    const std::string journal = (folder_ / ".holdfast-restore/journal");
    auto bytes = must(host::read_file(host_.files, journal, 1 << 20));
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
        auto damaged = bytes;
        damaged[at] ^= std::byte{0x20};
        must(host::replace_atomically(host_.files, journal, damaged, 0600));
        const auto found = FileSwap::find(host_, (folder_ / "app.db"));
        EXPECT_THAT(found, FailsWith(ErrorCode::corrupt)) << at;
    }
    EXPECT_EQ(text("index"), "new index");
    must(host::replace_atomically(host_.files, journal, bytes, 0600));
    EXPECT_THAT(must(FileSwap::find(host_, (folder_ / "app.db")))->undo(), Succeeds());
    EXPECT_EQ(text("index"), "old index");
}

}  // namespace
}  // namespace holdfast::tests
