// look_at_faiss(): an index of FAISS, opened by the FAISS library in a program of its own, which may crash.
#pragma once

#include <string>

#include "holdfast/agree/look.h"

namespace holdfast::agree {

constexpr std::string_view faiss_program = "holdfast-faiss-look";

struct FaissQuestion {
    std::string program;  // its path; empty: it is not installed
    std::string path;     // of the index
    std::uint64_t size = 0;
    std::int64_t time_ms_max = 60'000;
};
// `unavailable`: the program is not there, did not end in time, or wants more memory than six times the index and 1 GiB.
// An index without ids of its own has its positions: 0, 1, 2, ...
Result<Look> look_at_faiss(const FaissQuestion& question, const LookBounds& bounds);

}  // namespace holdfast::agree
