// What holds of whole-file steps when the power goes at any of their steps, or a step fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "holdfast/base/text.h"
#include "support/forgetful_files.h"
#include "support/power_cuts.h"
#include "support/results.h"

namespace holdfast::tests {
namespace {

const std::string path = "/folder/settings";
const std::string first(1500, 'a'), second(2200, 'b'), third(700, 'c');

std::string text_at(host::FileSystem& files, const std::string& where) {
    const auto bytes = host::read_file(files, where, 1 << 20);
    return bytes.ok() ? std::string(text_of(*bytes)) : std::string(name_of(bytes.error().code()));
}

// Three replacements of one file; the judge knows which were acknowledged.
class Replacing {
public:
    using Replace = Result<void> (*)(host::FileSystem&, ByteView);
    explicit Replacing(SimulatedMachine& machine, Replace replace = careful)
        : files_(machine.host().files), replace_(replace) {
        must(host::make_folders_durably(files_, "/folder", 0700));
    }
    static Result<void> careful(host::FileSystem& files, ByteView bytes) {
        return host::replace_atomically(files, path, bytes, 0600);
    }

    void work() {
        for (const auto* text : {&first, &second, &third}) {
            attempted_ = *text;
            if (!replace_(files_, bytes_of(*text))) return;
            acknowledged_ = *text;
        }
    }
    // Either what was acknowledged last, or what was tried after it.
    bool holds() const {
        const auto found = text_at(files_, path);
        return found == acknowledged_ || (found == attempted_ && attempted_ != "not_found");
    }
    void judge() {
        EXPECT_TRUE(holds()) << text_at(files_, path).substr(0, 20);
        for (const auto& name : must(files_.list("/folder"))) {
            EXPECT_TRUE(name == "settings" || name.starts_with(".settings.")) << name;
        }
        EXPECT_THAT(careful(files_, bytes_of("after")), Succeeds());
        EXPECT_EQ(text_at(files_, path), "after");
    }

private:
    host::FileSystem& files_;
    Replace replace_;
    std::string acknowledged_ = "not_found", attempted_ = "not_found";
};

TEST(ReplaceAtomically, LeavesOldOrNewAtEveryCut) {
    const auto cuts = cut_power_at_every_step<Replacing>(60);
    std::cout << "power cuts: " << cuts << '\n';
    EXPECT_GE(cuts, 900u);
}

TEST(ReplaceAtomically, LeavesOldOrNewWhenAnyStepFails) {
    EXPECT_GE(fail_every_step<Replacing>(ErrorCode::full), 15u);
    EXPECT_GE(fail_every_step<Replacing>(ErrorCode::unavailable), 15u);
}

// Writers that are wrong in one way each: the tests above would notice.
template <Replacing::Replace wrong>
class WronglyReplacing : public Replacing {
public:
    explicit WronglyReplacing(SimulatedMachine& machine) : Replacing(machine, wrong) {}
    void judge() { caught += !holds(); }
    static inline int caught = 0;
};

constexpr auto yes = [](const std::string&) { return true; };
constexpr auto no = [](const std::string&) { return false; };

Result<void> without_syncing_the_file(host::FileSystem& files, ByteView bytes) {
    ForgetfulFiles forgetful(files, no, yes);
    return Replacing::careful(forgetful, bytes);
}
Result<void> without_syncing_the_folder(host::FileSystem& files, ByteView bytes) {
    ForgetfulFiles forgetful(files, yes, no);
    return Replacing::careful(forgetful, bytes);
}
Result<void> in_place(host::FileSystem& files, ByteView bytes) {
    auto file = files.open_to_write(path);
    if (!file) file = files.create(path, 0600);
    if (!file) return std::move(file).error();
    TRY((*file)->resize(bytes.size()));
    TRY((*file)->write_at(0, bytes));
    TRY((*file)->sync());
    return files.sync_folder("/folder");
}

template <typename Wrong>
int caught_in_many_cuts() {
    cut_power_at_every_step<Wrong>(20);
    return Wrong::caught;
}

TEST(WrongWriters, AreCaught) {
    EXPECT_GT(caught_in_many_cuts<WronglyReplacing<without_syncing_the_file>>(), 0);
    EXPECT_GT(caught_in_many_cuts<WronglyReplacing<without_syncing_the_folder>>(), 0);
    EXPECT_GT(caught_in_many_cuts<WronglyReplacing<in_place>>(), 0);
    EXPECT_EQ(caught_in_many_cuts<WronglyReplacing<Replacing::careful>>(), 0);
}

class MakingFolders {
public:
    explicit MakingFolders(SimulatedMachine& machine) : files_(machine.host().files) {}
    void work() { acknowledged_ = host::make_folders_durably(files_, "/a/b/c/d", 0700).ok(); }
    void judge() {
        EXPECT_TRUE(must(host::exists(files_, "/a/b/c/d")) || !acknowledged_);
        EXPECT_THAT(host::make_folders_durably(files_, "/a/b/c/d", 0700), Succeeds());
    }

private:
    host::FileSystem& files_;
    bool acknowledged_ = false;
};

TEST(MakeFoldersDurably, KeepsWhatItAcknowledged) { EXPECT_GE(cut_power_at_every_step<MakingFolders>(40), 200u); }

}  // namespace
}  // namespace holdfast::tests
