// TemporaryFolder: an empty folder of the real file system, removed with all that is in it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace holdfast::tests {

class TemporaryFolder {
public:
    // So long that what is random in it never makes it look like a secret, which reports would leave out.
    TemporaryFolder() : path_(::testing::TempDir() + "holdfast_test_folder_XXXXXX") {
        if (!::mkdtemp(path_.data())) std::abort();
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    std::string path_;
};

}  // namespace holdfast::tests
