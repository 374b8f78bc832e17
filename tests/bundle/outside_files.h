// Backup files as other people's programs make them: sqlite3, gzip, zstd, tar, gpg and age are the oracles.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "holdfast/base/text.h"
#include "holdfast/bundle/unpacked.h"
#include "support/results.h"
#include "support/shell.h"
#include "support/temporary_folder.h"

namespace holdfast::bundle {

using tests::FailsWith;
using tests::must;
using tests::shell;
using tests::Succeeds;
using ::testing::HasSubstr;

class OutsideFiles : public ::testing::Test {
protected:
    OutsideFiles() {
        std::filesystem::create_directory(gpg_home);
        std::filesystem::permissions(gpg_home, std::filesystem::perms::owner_all);
        ::setenv("GNUPGHOME", gpg_home.c_str(), 1);
        in_folder("sqlite3 app.db \"PRAGMA page_size=4096; CREATE TABLE t(x); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<3000) "
                  "INSERT INTO t SELECT hex(randomblob(20)) FROM c;\"");
        original = bytes_in("app.db");
    }
    ~OutsideFiles() override { shell(format("gpgconf --homedir '{}' --kill gpg-agent >/dev/null 2>&1 || true", gpg_home)); }

    std::string in_folder(const std::string& command) { return shell(format("cd '{}'; {}", root.path(), command)); }
    std::string bytes_at(const std::string& path) const {
        std::ifstream file(path, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::string bytes_in(const std::string& name) const { return bytes_at(root / name); }
    void write(const std::string& name, std::string_view bytes) const { std::ofstream(root / name, std::ios::binary) << bytes; }

    UnpackRequest request(const std::string& name) const {
        return {.path = root / name, .folder = root / "unpacked", .secrets = secrets, .limits = limits};
    }
    Result<Unpacked> open(const std::string& name) { return Unpacked::open(host::real_host(), request(name), {}); }
    // Opened, and the one database in it is the original.
    void expect_original(const std::string& name, const std::vector<ContentKind>& layers) {
        const auto unpacked = open(name);
        ASSERT_THAT(unpacked, Succeeds()) << name;
        ASSERT_EQ(unpacked->databases.size(), 1u) << name;
        EXPECT_TRUE(bytes_at(unpacked->databases[0].path) == original) << name;
        EXPECT_EQ(unpacked->databases[0].layers, layers) << name;
        EXPECT_EQ(unpacked->databases[0].size, original.size());
    }
    bool is_left_clean() const {
        return !std::filesystem::exists(root / "unpacked") || std::filesystem::is_empty(root / "unpacked");
    }

    tests::TemporaryFolder root;
    std::string gpg_home = root / "g";
    std::string original;
    OpeningSecrets secrets;
    UnpackLimits limits;
};

}  // namespace holdfast::bundle
