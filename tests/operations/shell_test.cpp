#include "holdfast/operations/shell.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What the program is given is seen by a program of the test's in its place.
class ShellTest : public World {
protected:
    ShellTest() {
        make_repository();
        create_database(database);
        backup();
        write(work + "/program", format("#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"$word\"; done > {0}/words\nls -l $(dirname $(sed -n 's|^file://\\(.*\\)/[^/]*$|\\1/x|p' {0}/words | head -1)) > {0}/files\nexit 7\n", work));
        std::filesystem::permissions(work + "/program", std::filesystem::perms::owner_all);
        std::filesystem::create_directory(root / "place");
    }
    ShellRequest request(const std::string& snapshot) const {
        ShellRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        request.program = work + "/program";
        request.place = root / "place";
        return request;
    }
    std::string words() const { return std::string(text_of(tests::file_bytes(work + "/words"))); }
    std::string files_seen() const { return std::string(text_of(tests::file_bytes(work + "/files"))); }
    bool is_place_empty() const { return std::filesystem::is_empty(root / "place"); }
};

TEST_F(ShellTest, TheProgramGetsReadOnlyCopiesThatAreGoneAfterwards) {
    auto asked = request("latest");
    asked.words = {"-box", "SELECT 1"};
    std::uint64_t announced = 0;
    asked.announce = [&](const ShellReport& report) {
        announced = report.number;
        EXPECT_FALSE(is_place_empty());
    };
    const auto report = must(shell(context, asked));
    EXPECT_EQ(announced, 1u);
    EXPECT_EQ(report.exit_code, 7);
    EXPECT_THAT(report.databases, ElementsAre("app"));
    EXPECT_EQ(report.bytes, std::filesystem::file_size(database));
    EXPECT_THAT(words(), HasSubstr("/app.db?vfs="));
    EXPECT_THAT(words(), HasSubstr("mode=ro&immutable=1\n-box\nSELECT 1\n"));
    EXPECT_THAT(files_seen(), HasSubstr("-rw-------")) << "nobody else may read it";
    EXPECT_TRUE(is_place_empty());
}

TEST_F(ShellTest, OfASealedRepositoryNothingIsUnpackedUnasked) {
    write(root / "key", std::string(32, 'k'));
    RepositoryRequest sealed;
    sealed.repository = root / "sealed";
    sealed.key_file = root / "key";
    must(init(context, {.repository = sealed, .encrypt = true}));
    auto kept = backup_request({database});
    kept.repository = sealed;
    must(operations::backup(context, kept));
    auto asked = request("latest");
    asked.repository = sealed;
    const auto refused = shell(context, asked);
    ASSERT_THAT(refused, FailsWith(ErrorCode::denied));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--unpack"));
    EXPECT_FALSE(exists(work + "/words"));
    asked.unpack = true;
    EXPECT_EQ(must(shell(context, asked)).exit_code, 7);
    EXPECT_TRUE(is_place_empty());
}

TEST_F(ShellTest, AProgramThatIsNotThereIsNamed) {
    auto asked = request("latest");
    asked.program = "no-such-sqlite";
    const auto refused = shell(context, asked);
    ASSERT_THAT(refused, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(refused.error().advice(), HasSubstr("holdfast query"));
    EXPECT_TRUE(is_place_empty());
}

}  // namespace
}  // namespace holdfast::operations
