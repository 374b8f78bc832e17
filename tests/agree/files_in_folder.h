// A folder of files for a look, and what a look must say of bytes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "holdfast/agree/look.h"
#include "holdfast/host/file_system.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::tests {

class FilesInFolder : public ::testing::Test {
protected:
    std::string write(const std::string& name, std::string_view content) {
        const std::string path = folder / name;
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
        return path;
    }
    TemporaryFolder folder;
    host::FileSystem& files = host::posix_file_system();
    agree::LookBounds bounds;
};

}  // namespace holdfast::tests
