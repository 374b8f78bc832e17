// Where a value ends that does so in its line, and what is behind it is another one's.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "holdfast/bundle/setting_names.h"

namespace holdfast::bundle {

// What quotes enclose in a line.
struct QuotedText {
    std::size_t open = 0;    // the quote that opens it
    std::size_t behind = 0;  // the one that closes it
};

// The texts of a line, each looked for once.
class QuotedTexts {
public:
    explicit QuotedTexts(std::string_view line) : line_(line) {}

    // The one that a place is in; places ascend.
    std::optional<QuotedText> around(std::size_t place);

private:
    std::string_view line_;
    std::size_t at_ = 0;
    QuotedText last_;
};

// "name": "value", or "name": 12} of JSON and its like.
std::optional<std::size_t> end_in_structure(std::string_view line, const Named& named);
// "run --password VALUE", which ends with the text around it. With "run --password" it is empty.
std::optional<std::size_t> end_in_text(std::string_view line, const Named& named, const QuotedText& text);

}  // namespace holdfast::bundle
