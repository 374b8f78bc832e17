// write_if_absent(): a file for people, made where there is none.
#pragma once

#include <cstdint>
#include <string>

#include "holdfast/host/host.h"

namespace holdfast::operations {

struct NewFile {
    std::string path, text;
    std::uint32_t mode = 0644;
};
// It appears whole, and durably, or not at all. False: something is there, and was left alone.
Result<bool> write_if_absent(const host::Host& host, const NewFile& file);

}  // namespace holdfast::operations
