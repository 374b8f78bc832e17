#include "holdfast/bundle/told_beside.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/secret_signs.h"
#include "holdfast/bundle/value_end.h"

namespace holdfast::bundle {

namespace {

std::string_view value_of(std::string_view line, const Named& named) {
    constexpr std::size_t size_max = 200;
    auto value = line.substr(std::min(named.value, line.size()), size_max);
    value.remove_prefix(std::min(value.find_first_not_of("\\\"'` "), value.size()));
    return trim(value.substr(0, value.find_first_of("\\\"'`,}<>#")));
}

}  // namespace

ToldBeside::ToldBeside(const std::vector<std::string_view>& lines) {
    groups_.emplace_back();
    for (std::size_t number = 0; number < lines.size(); ++number) read_line(lines[number], number);
    while (!groups_.empty()) leave();
    std::ranges::sort(told_);
}

bool ToldBeside::has(const Place& name) const { return std::ranges::binary_search(told_, name); }

void ToldBeside::read_line(std::string_view line, std::size_t number) {
    const auto text = trim(line);
    if (text.empty() || text.starts_with('#')) return;
    if (line.starts_with("---") || is_section(text)) {
        while (!groups_.empty()) leave();
        groups_.emplace_back();
    }
    if (groups_.back().kind == Kind::lines) enter_lines(line);
    const bool is_markup = text.starts_with('<');
    for (std::size_t at = 0;;) {
        const auto named = next_named(line, at);
        for (; at < named.start; ++at) {
            if (line[at] == '{') enter({.kind = Kind::braces});
            if (line[at] == '}') leave_innermost(Kind::braces, {});
            if (line.substr(at).starts_with("/>") && groups_.back().kind == Kind::element) leave();
        }
        if (named.name.empty()) return;
        at = named.end;
        if (line.substr(0, named.start).ends_with("</")) {
            leave_innermost(Kind::element, named.name);
            continue;
        }
        note(line, named, number);
        if (named.is_tag && is_markup) enter({.kind = Kind::element, .tag = named.name});
    }
}

// "- " begins a new group as deep as what stands behind it.
void ToldBeside::enter_lines(std::string_view line) {
    const auto indent = line.find_first_not_of(" \t");
    while (groups_.size() > 1 && groups_.back().indent > indent) leave();
    const bool is_item = line.substr(indent).starts_with("- ");
    const auto depth = is_item ? std::min(line.find_first_not_of(" \t", indent + 1), line.size()) : indent;
    if (groups_.back().indent < depth) enter({.kind = Kind::lines, .indent = depth});
}

void ToldBeside::note(std::string_view line, const Named& named, std::size_t number) {
    constexpr std::array<std::string_view, 5> naming = {"name", "key", "id", "variable", "var"}, values = {"value", "content", "default", "text", "val"};
    constexpr std::array<std::string_view, 3> data = {"data", "stringdata", "binarydata"};
    if ((!named.has_sign && !named.is_tag) || named.is_value_itself) return;
    auto& group = groups_.back();
    const auto name = in_small_letters(named.name);
    if (is_among(name, naming) && may_name_secret(value_of(line, named))) group.names_secret = true;
    if (name == "kind" && in_small_letters(value_of(line, named)) == "secret") group.is_secret_object = true;
    if (is_among(name, values)) group.values.emplace_back(number, named.start);
    if (is_among(name, data)) group.data.emplace_back(number, named.start);
}

void ToldBeside::enter(Group group) {
    constexpr std::size_t depth_max = 1000;  // nobody writes settings as deep as that
    if (groups_.size() < depth_max) groups_.push_back(std::move(group));
}

void ToldBeside::leave() {
    const auto& group = groups_.back();
    if (group.names_secret) told_.insert(told_.end(), group.values.begin(), group.values.end());
    if (group.is_secret_object) told_.insert(told_.end(), group.data.begin(), group.data.end());
    groups_.pop_back();
}

// Does nothing when there is none.
void ToldBeside::leave_innermost(Kind kind, std::string_view tag) {
    constexpr std::size_t depth_max = 50;  // so that what closes nothing costs little
    for (std::size_t depth = 1; depth < std::min(groups_.size(), depth_max); ++depth) {
        const auto& group = groups_[groups_.size() - depth];
        if (group.kind != kind || group.tag != tag) continue;
        while (depth-- > 0) leave();
        return;
    }
}

}  // namespace holdfast::bundle
