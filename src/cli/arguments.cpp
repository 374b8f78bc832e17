#include "holdfast/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"

namespace holdfast::cli {
namespace {

std::string flag_names(const operations::FieldText& text) {
    if (text.positional) return std::string(text.name);
    std::string names = format("--{}", text.name);
    if (text.letter != 0) names += format(",-{}", text.letter);
    return names;
}

// The library takes -1, and what is too large, for the largest number there is.
std::string is_whole_number(const std::string& value) {
    constexpr std::size_t digits_max = 18;
    const bool is_number = !value.empty() && value.size() <= digits_max && value.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? "" : format("{} is not a whole number from 0", printable(value));
}

void bind(CLI::App& app, const BoundField& field) {
    if (field.text.rest) return;
    const std::string names = flag_names(field.text);
    CLI::Option* option = nullptr;
    if (auto* const* flag = std::get_if<bool*>(&field.target)) {
        app.add_flag(names, **flag);
        return;
    }
    if (auto* const* list = std::get_if<std::vector<std::string>*>(&field.target)) {
        option = app.add_option(names, **list);
        if (!field.text.positional) option->allow_extra_args(false);
    } else if (auto* const* text = std::get_if<std::string*>(&field.target)) {
        option = app.add_option(names, **text);
    } else if (auto* const* integer = std::get_if<std::int64_t*>(&field.target)) {
        option = app.add_option(names, **integer);
    } else if (auto* const* number = std::get_if<std::uint64_t*>(&field.target)) {
        option = app.add_option(names, **number)->check(is_whole_number);
    } else {
        option = app.add_option(names, *std::get<double*>(field.target));
    }
    // "$UNSET" in a script must not mean "not given": restore --to "" would go in place.
    const bool is_text = !std::holds_alternative<std::int64_t*>(field.target) && !std::holds_alternative<std::uint64_t*>(field.target) &&
                         !std::holds_alternative<double*>(field.target);
    if (is_text && field.text.name != "comment") {
        option->check([](const std::string& value) { return std::string(value.empty() ? "it is empty" : ""); });
    }
    if (field.text.required) option->required();
}

std::vector<std::string> all_flags(const std::vector<BoundField>& fields) {
    std::vector<std::string> flags;
    for (const auto& field : fields)
        if (!field.text.positional) flags.push_back(format("--{}", field.text.name));
    return flags;
}

std::string value_of(const std::string& flag, const std::vector<BoundField>& fields) {
    for (const auto& field : fields) {
        if (flag == format("--{}", field.text.name) || flag == field.text.name) return std::string(field.text.value);
    }
    return "VALUE";
}

// The library's errors name what is wrong before or behind a colon.
std::string in_words(const CLI::ParseError& error, const std::vector<BoundField>& fields) {
    const std::string said = error.what();
    const auto colon = said.find(": ");
    const std::string before = said.substr(0, colon), behind = colon == std::string::npos ? "" : said.substr(colon + 2);
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
        if (behind.starts_with('-')) return format("there is no flag {}", behind);
        const bool has_rest = std::ranges::any_of(fields, [](const BoundField& field) { return field.text.rest; });
        return format("a word too many: {}{}", behind, has_rest ? "; a command stands behind --" : "");
    }
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
        return format("{} is missing", value_of(said.substr(0, said.find(' ')), fields));
    }
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return format("{} needs a value: {} {}", before, before, value_of(before, fields));
    return said;
}

Error explain(const CLI::ParseError& error, const std::string& verb, const std::vector<BoundField>& fields,
              const std::vector<std::string>& words) {
    for (const auto& word : words) {
        if (!word.starts_with("--")) continue;
        const std::string flag = word.substr(0, word.find('='));
        const auto flags = all_flags(fields);
        if (std::find(flags.begin(), flags.end(), flag) != flags.end()) continue;
        const std::string near = nearest(flag, flags);
        return fail(ErrorCode::invalid, "{}: there is no flag {}", verb, printable(flag))
            .with_advice(near.empty() ? format("holdfast {} --help", verb) : format("{} (holdfast {} --help lists all)", near, verb));
    }
    return fail(ErrorCode::invalid, "{}: {}", verb, printable(in_words(error, fields))).with_advice(format("holdfast {} --help", verb));
}

}  // namespace

std::size_t words_before_rest(const std::vector<std::string>& words) {
    return static_cast<std::size_t>(std::ranges::find(words, "--") - words.begin());
}

Result<void> parse_arguments(const std::string& verb, const std::vector<BoundField>& fields, std::vector<std::string> words) {
    const auto rest = std::ranges::find_if(fields, [](const BoundField& field) { return field.text.rest; });
    const auto before = static_cast<std::ptrdiff_t>(words_before_rest(words));
    if (rest != fields.end() && before < std::ssize(words)) {
        std::get<std::vector<std::string>*>(rest->target)->assign(words.begin() + before + 1, words.end());
        words.erase(words.begin() + before, words.end());
    }
    try {
        CLI::App app;
        app.set_help_flag();
        app.allow_windows_style_options(false);
        for (const auto& field : fields) bind(app, field);
        std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants them
        app.parse(reversed);
        return {};
    } catch (const CLI::ParseError& error) {
        return explain(error, verb, fields, words);
    }
}

}  // namespace holdfast::cli
