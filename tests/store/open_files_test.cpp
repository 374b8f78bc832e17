#include "holdfast/store/open_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "holdfast/base/text.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::store {
namespace {

using namespace tests;

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class KeptOpen : public ::testing::Test {
protected:
    std::string make(int n) {
        auto path = folder / format("file{}", n);
        must(host::replace_atomically(files, path, bytes_of(format("text {}", n)), 0600));
        return path;
    }
    static std::string text_of_file(const host::File& file) {
        Bytes bytes(must(file.size()));
        must(file.read_at(0, bytes));
        return std::string(text_of(bytes));
    }
    TemporaryFolder folder;
    host::FileSystem& files = host::posix_file_system();
    OpenFiles open_files{files};
};

TEST_F(KeptOpen, AFileIsOpenedOnce) {
    const auto path = make(1);
    const auto first = must(open_files.open(path));
    EXPECT_EQ(must(open_files.open(path)), first);
    EXPECT_EQ(text_of_file(*first), "text 1");
}

TEST_F(KeptOpen, ThereAreSixteenAtMostAndTheOldestUseGoesFirst) {
    const auto before = open_descriptors();
    const auto favourite = make(0);
    const auto kept = must(open_files.open(favourite)).get();
    for (int n = 1; n < 100; ++n) {
        must(open_files.open(make(n)));
        EXPECT_EQ(must(open_files.open(favourite)).get(), kept);
    }
    EXPECT_EQ(open_descriptors(), before + 16);
}

TEST_F(KeptOpen, AForgottenFileIsNotHandedOutAgain) {
    const auto path = make(1);
    const auto held = must(open_files.open(path));
    must(files.remove(path));
    open_files.forget(path);
    EXPECT_THAT(open_files.open(path), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(text_of_file(*held), "text 1") << "who holds it may go on";
}

TEST_F(KeptOpen, WhatIsMissingIsNotKept) {
    EXPECT_THAT(open_files.open(folder / "file7"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(open_files.open(make(7)), Succeeds());
}

// Once forget() has returned, no open() that starts later may find the removed file.
TEST_F(KeptOpen, AlsoUnderManyReaders) {
    std::atomic<bool> done = false;
    std::atomic<int> removed = -1;
    const auto path = [&](int n) { return folder / format("file{}", n); };
    std::vector<std::jthread> readers;
    std::atomic<int> ghosts = 0;
    for (int i = 0; i < 4; ++i) {
        readers.emplace_back([&] {
            while (!done) {
                const int gone = removed;
                if (open_files.open(path(gone + 1)).ok() && gone >= 0 && open_files.open(path(gone)).ok()) ++ghosts;
            }
        });
    }
    for (int n = 0; n < 300; ++n) {
        make(n);
        must(open_files.open(path(n)));
        must(files.remove(path(n)));
        open_files.forget(path(n));
        removed = n;
    }
    done = true;
    readers.clear();
    EXPECT_EQ(ghosts, 0);
}

}  // namespace
}  // namespace holdfast::store
