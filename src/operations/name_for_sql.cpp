#include "holdfast/operations/name_for_sql.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/rows/schema.h"

namespace holdfast::operations {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string without_ending(const std::string& name) {
    const auto point = name.rfind('.');
    return point == std::string::npos || point == 0 ? name : name.substr(0, point);
}

}  // namespace

std::string name_for_sql(const std::string& path, const std::vector<NamedImage>& others) {
    std::string name = without_ending(host::file_name_of(path));
    std::ranges::replace_if(name, [](char c) { return !is_digit(c) && !is_letter(c); }, '_');
    if (name.empty() || is_digit(name.front())) name = format("_{}", name);
    const auto is_taken = [&](const std::string& wanted) {
        const auto is_it = [&](const NamedImage& other) { return rows::is_same_name(other.name, wanted); };
        return rows::is_same_name(wanted, "main") || rows::is_same_name(wanted, "temp") || std::ranges::any_of(others, is_it);
    };
    std::string wanted = name;
    for (int number = 2; is_taken(wanted); ++number) wanted = format("{}_{}", name, number);
    return wanted;
}

}  // namespace holdfast::operations
