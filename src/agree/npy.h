// Arrays as numpy writes them (.npy, formats 1.0 to 3.0): their header, and that their bytes are as many as it says.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/agree/pull.h"

namespace holdfast::agree {

struct NpyHeader {
    char order = '|';                 // of bytes: '<', '>', or '|' where there is none
    char kind = 'f';                  // as numpy has it: b i u f c m M S U V
    std::uint64_t item_size = 0;      // bytes
    std::string type;                 // as written: "<f4"
    bool fortran_order = false;
    std::vector<std::uint64_t> shape;
    std::uint64_t items() const;      // does not overflow, nor do its bytes: the parser has seen to it
    bool is_integer() const { return kind == 'i' || kind == 'u'; }
};
// The dictionary behind magic, version and length. `corrupt`: it is none, or states more bytes than there can be;
// `unavailable`: a dtype whose items are no plain numbers or bytes (records, Python objects).
Result<NpyHeader> parse_npy_header(std::string_view dictionary);

struct NpyArray {
    NpyHeader header;
    std::vector<std::int64_t> integers;  // where they were wanted: all of them, in the order they lie
};
enum class NpyContent { skip, integers };  // integers: of an array of integers; else none are kept
// All of it, to its end. `corrupt` when there are more or fewer bytes than its shape says.
Result<NpyArray> read_npy(Pull& from, NpyContent content, const LookBounds& bounds);

// A file of one array: two dimensions are vectors, one dimension of integers is ids.
Result<Look> look_at_npy(host::FileSystem& files, const std::string& path, const LookBounds& bounds);

}  // namespace holdfast::agree
