#include "holdfast/sqlite/embedded_version.h"

#include <sqlite3.h>

#include "holdfast/base/text.h"
#include "holdfast/host/program_files.h"
#include "holdfast/sqlite/version.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

#include <unistd.h>

namespace holdfast::sqlite {
namespace {

using namespace tests;

class EmbeddedVersion : public ::testing::Test {
protected:
    std::optional<Version> of(const std::string& bytes) {
        const std::string path = folder / "program";
        write_file(path, bytes_of(bytes));
        return must(embedded_version(host::posix_file_system(), path));
    }
    static std::string string(const std::string& text) { return std::string(1, '\0') + text + std::string(1, '\0'); }
    TemporaryFolder folder;
    const std::string source_id = string(sqlite3_sourceid());
};

TEST_F(EmbeddedVersion, OfTheLibraryThatRunsHere) {
    std::size_t libraries = 0;
    for (const auto& file : must(host::program_files_of(::getpid()))) {
        if (file.name.find("libsqlite3") == std::string::npos) continue;
        ++libraries;
        const auto version = must(embedded_version(host::posix_file_system(), file.path));
        ASSERT_TRUE(version) << file.name;
        EXPECT_EQ(version->text(), sqlite3_libversion());
    }
    EXPECT_EQ(libraries, 1u);
}

TEST_F(EmbeddedVersion, OnlyWhereASourceIdTellsThatItIsSqlite) {
    EXPECT_EQ(of(source_id + string("3.51.2")), (Version{3, 51, 2}));
    EXPECT_EQ(of(string("3.51.2")), std::nullopt);
    EXPECT_EQ(of(source_id), std::nullopt);
    EXPECT_EQ(of(source_id + string("3.51.2") + string("3.40.1")), std::nullopt) << "which of the two cannot be told";
    EXPECT_EQ(of(source_id + string("3.51.2") + string("3.51.2")), (Version{3, 51, 2}));
    EXPECT_EQ(of(source_id + string("x3.51.2") + string("3.5") + string("3.1.2.3")), std::nullopt);
    EXPECT_EQ(of(""), std::nullopt);
}

TEST_F(EmbeddedVersion, AcrossThePiecesInWhichAFileIsRead) {
    for (const std::size_t before : {(1u << 20) - 60, (1u << 20) - 5, (1u << 20) - 1, 1u << 20}) {
        EXPECT_EQ(of(std::string(before, 'x') + string("3.46.0") + source_id), (Version{3, 46, 0})) << before;
        EXPECT_EQ(of(std::string(before, 'x') + source_id + string("3.46.0")), (Version{3, 46, 0})) << before;
    }
}

// https://sqlite.org/wal.html#walresetbug
TEST(WalResetBug, VersionsThatHaveIt) {
    for (const char* text : {"3.7.0", "3.40.1", "3.44.5", "3.45.0", "3.50.6", "3.51.0", "3.51.2"}) EXPECT_TRUE(has_wal_reset_bug(*parse_version(text))) << text;
    for (const char* text : {"3.6.23", "3.44.6", "3.50.7", "3.50.8", "3.51.3", "3.52.0", "3.53.0", "4.0.0"}) EXPECT_FALSE(has_wal_reset_bug(*parse_version(text))) << text;
    for (const char* text : {"", "3", "3.4", "3.4.x", "3.4.5.6", "3..5"}) EXPECT_EQ(parse_version(text), std::nullopt) << text;
}

}  // namespace
}  // namespace holdfast::sqlite
