// Tree nodes and content records from outside: a node that is understood is written as the same bytes again.
#include <algorithm>
#include <span>

#include "holdfast/repository/tree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::repository;
    const ByteView input = std::as_bytes(std::span(data, size));
    if (const auto node = decode_node(input)) HOLDFAST_ASSERT(std::ranges::equal(encode_node(*node), input));
    if (const auto content = decode_content(input)) HOLDFAST_ASSERT(decode_content(encode_content(*content)).value() == *content);
    return 0;
}
