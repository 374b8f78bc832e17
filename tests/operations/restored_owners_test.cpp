// Whose the restored files, folders and links are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/host/environment.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/undo.h"
#include "holdfast/operations/write_companion.h"
#include "operations/world_with_companions.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::uint32_t somebody = 65534, some_group = 65533;

// To whom nobody else's files may be given.
class OwnersStay final : public tests::PassingFiles {
public:
    using PassingFiles::PassingFiles;
    Result<void> set_owner(const std::string& path, std::uint32_t, std::uint32_t) override {
        ++asked;
        return fail(ErrorCode::denied, "set the owner of {}: not permitted", path);
    }
    int asked = 0;
};

class RestoredOwners : public WorldWithCompanions {
protected:
    void give(const std::string& name, std::uint32_t owner, std::uint32_t group) { must(files.set_owner(folder + name, owner, group)); }
    void give_all_away() {
        for (const auto* name : {"", "/1.index", "/sub", "/sub/empty", "/link"}) give(name, somebody, some_group);
    }
    std::string owners(const std::string& of) {
        std::string told;
        for (const auto* name : {"", "/1.index", "/1.meta.json", "/sub", "/sub/empty", "/link"}) {
            const auto status = files.status_of_link(of + name);
            told += status ? format("{} {}:{} {:o}\n", name, status->owner, status->group, status->kind == host::FileKind::link ? 0 : status->mode) : format("{} -\n", name);
        }
        return told;
    }
    Result<RestoreReport> restore_exactly(const std::string& number) {
        auto request = restore_request(number);
        request.exact = true;
        return restore(context, request);
    }
};

TEST_F(RestoredOwners, ComeBackInPlaceAndGoBackWithUndo) {
    if (!host::is_superuser()) GTEST_SKIP() << "only root can give files away";
    give_all_away();
    std::filesystem::permissions(folder + "/sub", static_cast<std::filesystem::perms>(02750));
    const auto then = owners(folder);
    const auto number = backed_up();
    std::filesystem::remove_all(folder + "/sub/empty");
    for (const auto* name : {"", "/sub", "/link"}) give(name, 0, 0);
    give("/1.meta.json", 1, 1);
    const auto changed = owners(folder);
    EXPECT_THAT(must(restore_exactly(number)).warnings, IsEmpty());
    EXPECT_EQ(owners(folder), then);
    UndoRequest back;
    back.repository = in_repository();
    back.exact = true;
    EXPECT_THAT(must(undo(context, back)).warnings, IsEmpty());
    EXPECT_EQ(owners(folder), changed);

    // Nothing but the owner of a folder, and of a link.
    must(restore_exactly(number));
    give("/sub", 1, 1);
    give("/link", 1, 1);
    must(restore_exactly(number));
    EXPECT_EQ(owners(folder), then);
}

// Where files may not be given away, one warning tells of all.
TEST_F(RestoredOwners, ThatCannotBeGivenAreToldOnce) {
    if (!host::is_superuser()) GTEST_SKIP() << "only root can give files away";
    give("/sub", somebody, some_group);
    give("/sub/empty", somebody, some_group);
    give("/link", somebody, some_group);
    const auto number = backed_up();
    std::filesystem::remove_all(folder + "/sub");
    std::filesystem::remove(folder + "/link");
    OwnersStay refusing;
    Context refused{.host = {.files = refusing, .clock = clock, .random = host::system_random(), .log = host::silent_log()}, .watch = {}, .vfs = {}, .may_ask = false};
    const auto report = must(restore(refused, restore_request(number)));
    EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("faiss/link belongs to whoever restores it"), HasSubstr("and 1 more folder")));
    EXPECT_EQ(must(files.status(folder + "/sub")).owner, 0u);
}

// restore --to is for whoever asks.
TEST_F(RestoredOwners, ElsewhereAreOurs) {
    if (!host::is_superuser()) GTEST_SKIP() << "only root can give files away";
    give_all_away();
    const auto number = backed_up();
    must(restore_to(number, work + "/back"));
    EXPECT_THAT(owners(work + "/back/faiss"), Not(HasSubstr("65534")));
}

TEST_F(RestoredOwners, OfANewCompanionAreThoseOfTheBackupWhereThatIsWanted) {
    if (!host::is_superuser()) GTEST_SKIP() << "only root can give files away";
    give_all_away();
    const auto number = backup().number;
    const auto opened = must(open_repository(context, in_repository(), {}));
    const auto companion = must(opened->get().snapshot({number})).companions.front();
    const auto written = must(write_companion(context, *opened, companion, {.path = work + "/back", .owners = Owners::as_in_backup}));
    EXPECT_THAT(written.warnings, IsEmpty());
    EXPECT_EQ(owners(work + "/back"), owners(folder));

    OwnersStay refusing;
    Context refused{.host = {.files = refusing, .clock = clock, .random = host::system_random(), .log = host::silent_log()}, .watch = {}, .vfs = {}, .may_ask = false};
    const auto told = must(write_companion(refused, *opened, companion, {.path = work + "/again", .owners = Owners::as_in_backup}));
    EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("more of its companion belong to whoever restores them")));
    EXPECT_THAT(told.warnings, ElementsAre(HasSubstr(work + "/again/")));
    EXPECT_GE(refusing.asked, 4);
}

}  // namespace
}  // namespace holdfast::operations
