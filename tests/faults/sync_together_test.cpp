// SyncTogether: what was added outlives a power cut, few files one by one, many with their file system.
#include <gtest/gtest.h>

#include "holdfast/host/host.h"
#include "holdfast/operations/write_entry.h"
#include "support/results.h"
#include "support/simulated_machine.h"

namespace holdfast::operations {
namespace {

using tests::FailsWith;
using tests::must;
using tests::SimulatedMachine;

constexpr int few = 64, seeds = 8;

std::string name(int i) { return "/data/" + std::to_string(i); }
std::string text(int i) { return "text of " + std::to_string(i); }

void add(SyncTogether& together, host::FileSystem& files, int from, int to) {
    for (int i = from; i < to; ++i) {
        auto file = must(files.create(name(i), 0600));
        must(file->write_at(0, bytes_of(text(i))));
        together.add_small(std::move(file), name(i));
    }
}

int lost_after_a_cut(SimulatedMachine& machine, int count) {
    machine.cut_power();
    machine.reboot();
    int lost = 0;
    for (int i = 0; i < count; ++i) {
        const auto bytes = host::read_file(machine.host().files, name(i), 1000);
        lost += !bytes || text_of(*bytes) != text(i);
    }
    return lost;
}

class SyncTogetherTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(OfSoMany, SyncTogetherTest, ::testing::Values(1, few, few + 1, 3 * few));

TEST_P(SyncTogetherTest, WhatWasAddedOutlivesAPowerCut) {
    int lost_without = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
        for (const bool is_synced : {true, false}) {
            SimulatedMachine machine(static_cast<std::uint64_t>(seed));
            auto& files = machine.host().files;
            must(host::make_folders_durably(files, "/data", 0755));
            SyncTogether together(files);
            add(together, files, 0, GetParam());
            if (is_synced) must(together.sync());
            must(files.sync_folder("/data"));
            const int lost = lost_after_a_cut(machine, GetParam());
            if (is_synced) EXPECT_EQ(lost, 0) << "seed " << seed;
            else lost_without += lost;
        }
    }
    EXPECT_GT(lost_without, 0) << "the machine loses what is not synced";
}

TEST_P(SyncTogetherTest, ItCanBeUsedAgain) {
    for (int seed = 1; seed <= seeds; ++seed) {
        SimulatedMachine machine(static_cast<std::uint64_t>(seed));
        auto& files = machine.host().files;
        must(host::make_folders_durably(files, "/data", 0755));
        SyncTogether together(files);
        add(together, files, 0, GetParam());
        must(together.sync());
        add(together, files, GetParam(), GetParam() + 2);
        must(together.sync());
        must(files.sync_folder("/data"));
        EXPECT_EQ(lost_after_a_cut(machine, GetParam() + 2), 0) << "seed " << seed;
    }
}

TEST_P(SyncTogetherTest, ManyCostTheDiskOneTurn) {
    SimulatedMachine machine(1);
    auto& files = machine.host().files;
    must(host::make_folders_durably(files, "/data", 0755));
    SyncTogether together(files);
    add(together, files, 0, GetParam());
    const auto before = machine.steps();
    must(together.sync());
    EXPECT_EQ(machine.steps() - before, GetParam() > few ? 1u : static_cast<std::uint64_t>(GetParam()));
}

// Each by itself, so that what goes wrong on the way to the disk is told of the file that it is about; not all are held until the end.
TEST(SyncTogetherOfLargeFiles, OutliveAPowerCutAndAreNotAllHeld) {
    constexpr int count = 40;
    for (int seed = 1; seed <= seeds; ++seed) {
        SimulatedMachine machine(static_cast<std::uint64_t>(seed));
        auto& files = machine.host().files;
        must(host::make_folders_durably(files, "/data", 0755));
        SyncTogether together(files);
        for (int i = 0; i < count; ++i) {
            auto file = must(files.create(name(i), 0600));
            must(file->write_at(0, bytes_of(text(i))));
            must(together.add_large(std::move(file)));
        }
        const auto before = machine.steps();
        must(together.sync());
        EXPECT_EQ(machine.steps() - before, 16u) << "those before had been synced";
        must(files.sync_folder("/data"));
        EXPECT_EQ(lost_after_a_cut(machine, count), 0) << "seed " << seed;
    }
}

TEST_P(SyncTogetherTest, AFailureIsTold) {
    SimulatedMachine machine(1);
    auto& files = machine.host().files;
    must(host::make_folders_durably(files, "/data", 0755));
    SyncTogether together(files);
    add(together, files, 0, GetParam());
    machine.fail_step(machine.steps() + 1, ErrorCode::full);
    EXPECT_THAT(together.sync(), FailsWith(ErrorCode::full));
}

}  // namespace
}  // namespace holdfast::operations
