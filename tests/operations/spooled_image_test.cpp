#include "holdfast/operations/spooled_image.h"

#include "holdfast/history/history.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/open_repository.h"
#include "operations/world.h"
#include "support/images.h"
#include "support/seeded_random.h"

namespace holdfast::operations {
namespace {

using ::testing::IsEmpty;

class Spooling : public World {
protected:
    static constexpr std::size_t size = 40 * 1024 * 1024;
    Spooling() : bytes(size) { tests::SeededRandom(5).fill(bytes); }
    std::unique_ptr<OpenRepository> opened(const RepositoryRequest& request) { return must(open_repository(context, request, {})); }
    RepositoryRequest sealed() {
        RepositoryRequest request = in_repository();
        request.repository = root / "sealed";
        request.key_file = root / "key";
        must(init(context, {.repository = request, .encrypt = true}));
        return request;
    }
    Bytes bytes;
};

TEST_F(Spooling, IsTheImageAndLeavesNothing) {
    make_repository();
    const auto kept = opened(in_repository());
    const auto image = tests::image_of(bytes);
    {
        const auto unpacked = must(spool(context, kept->get(), *image));
        ASSERT_NE(unpacked, nullptr);
        EXPECT_EQ(unpacked->last_page(), image->last_page());
        EXPECT_EQ(must(sqlite::plain_sha256(*unpacked)), sha256(bytes));
        Bytes page(4096);
        EXPECT_THAT(unpacked->read({image->last_page(), 2}, page), FailsWith(ErrorCode::invalid));
        EXPECT_THAT(files_below(host::cache_folder()), IsEmpty()) << "it has no name while it is there";
    }
    EXPECT_THAT(files_below(host::cache_folder()), IsEmpty());
}

TEST_F(Spooling, NothingOfASealedRepositoryIsWrittenInTheClear) {
    const auto kept = opened(sealed());
    EXPECT_EQ(must(spool(context, kept->get(), *tests::image_of(bytes))), nullptr);
}

TEST_F(Spooling, WhereItCannotBeWrittenOrIsSmallItIsDoneWithout) {
    make_repository();
    const auto kept = opened(in_repository());
    EXPECT_EQ(must(spool(context, kept->get(), *tests::image_of(Bytes(8192)))), nullptr);
    files.read_only = {host::cache_folder()};
    EXPECT_EQ(must(spool(context, kept->get(), *tests::image_of(bytes))), nullptr);
}

TEST_F(Spooling, DamageIsToldAndNotUnpacked) {
    make_repository();
    create_database(database, 200'000, {.mode = "delete"});
    ASSERT_GT(std::filesystem::file_size(database), 33u * 1024 * 1024);
    backup();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(repository + "/packs")) {
        if (entry.is_regular_file()) overwrite(entry.path(), entry.file_size() / 2, "damage");
    }
    const auto again = opened(in_repository());
    const auto image = must(history::open_image(again->get(), must(again->get().snapshot({1})).members.at(0)));
    EXPECT_THAT(spool(context, again->get(), *image), FailsWith(ErrorCode::corrupt));
}

}  // namespace
}  // namespace holdfast::operations
