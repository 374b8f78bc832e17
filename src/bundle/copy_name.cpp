#include "holdfast/bundle/copy_name.h"

#include <algorithm>
#include <array>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"

namespace holdfast::bundle {
namespace {

constexpr std::array<std::string_view, 8> words = {"database", "name", "date", "time", "stamp", "number", "kind", "auto"};
constexpr std::string_view all_words = "{database} {date} {time} {stamp} {number} {kind} {auto}";
constexpr std::string_view usual = "{database}_{date}_{time}.db";
constexpr std::array<std::string_view, 4> database_endings = {".db", ".sqlite", ".sqlite3", ".db3"};

std::size_t size_of_ending(std::string_view name) {
    for (const auto ending : database_endings) {
        if (name.size() > ending.size() && name.ends_with(ending)) return ending.size();
    }
    return 0;
}

Error no_such_word(const std::string& word) {
    const auto near = nearest(word, {words.begin(), words.end()});
    return fail(ErrorCode::invalid, "there is no {{{}}}", printable(word)).with_advice(near.empty() ? std::string(all_words) : format("{{{}}}", near));
}

std::string value_of(std::string_view word, const CopyNameFacts& facts) {
    const auto local = civil_of(facts.time, facts.utc_offset_s), utc = civil_of(facts.time);
    if (word == "database") return facts.database.substr(0, facts.database.size() - size_of_ending(facts.database));
    if (word == "name") return facts.database;
    if (word == "date") return format("{:04}{:02}{:02}", local.year, local.month, local.day);
    if (word == "time") return format("{:02}{:02}{:02}", local.hour, local.minute, local.second);
    if (word == "stamp") return format("{:04}-{:02}-{:02}T{:02}-{:02}-{:02}", utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second);
    if (word == "number") return std::to_string(facts.number);
    if (word == "kind") return facts.is_automatic ? "automatic" : "manual";
    return facts.is_automatic ? "_auto" : "";
}

}  // namespace

Result<void> expect_copy_file_name(std::string_view name) {
    const bool is_name = !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos && printable(name) == name;
    if (!is_name) return fail(ErrorCode::invalid, "that is no name of a file in that folder").with_advice("a name without /; the folder is named by itself");
    if (name.starts_with(".holdfast")) return fail(ErrorCode::invalid, "names that begin with .holdfast are holdfast's own").with_advice(std::string(usual));
    return {};
}

Result<CopyTemplate> CopyTemplate::parse_parts(std::string_view text) {
    TRY(expect_copy_file_name(text));
    CopyTemplate made;
    made.text_ = text;
    while (!text.empty()) {
        const auto brace = std::min(text.find_first_of("{}"), text.size());
        if (brace > 0) made.parts_.push_back({.text = std::string(text.substr(0, brace))});
        text.remove_prefix(brace);
        if (text.empty()) break;
        const auto end = text.find('}');
        if (text.front() == '}' || end == std::string_view::npos) return fail(ErrorCode::invalid, "a {{ or }} stands alone").with_advice(std::string(usual));
        std::string word(text.substr(1, end - 1));
        if (std::ranges::find(words, word) == words.end()) return no_such_word(word);
        made.parts_.push_back({.text = std::move(word), .is_word = true});
        text.remove_prefix(end + 1);
    }
    return made;
}

Result<CopyTemplate> CopyTemplate::parse(std::string_view text) {
    auto made = TRY(parse_parts(text));
    if (made.has("stamp") || made.has("number") || (made.has("date") && made.has("time"))) return made;
    if (made.has("date")) return fail(ErrorCode::invalid, "all copies of one day would have one name: {{time}} is missing").with_advice(std::string(usual));
    if (made.has("time")) return fail(ErrorCode::invalid, "copies of different days would have one name: {{date}} is missing").with_advice(std::string(usual));
    return fail(ErrorCode::invalid, "all copies would have one name").with_advice(format("{}: a time or a number tells them apart", usual));
}

Result<CopyTemplate> CopyTemplate::parse_fixed(std::string_view text) {
    auto made = TRY(parse_parts(text));
    for (const auto& part : made.parts_) {
        if (part.is_word && part.text != "database" && part.text != "name") {
            return fail(ErrorCode::invalid, "the newest copy has one name, in which {{{}}} would change", part.text).with_advice("{database}_latest.db");
        }
    }
    return made;
}

bool CopyTemplate::has(std::string_view word) const {
    return std::ranges::any_of(parts_, [&](const Part& part) { return part.is_word && part.text == word; });
}

// Backslashes would have to be quoted in the file that sha256sum reads.
Result<std::string> CopyTemplate::fill(const CopyNameFacts& facts) const {
    constexpr std::size_t size_max = 200;  // and room for endings within the 255 bytes that file systems give
    std::string name;
    for (const auto& part : parts_) name += part.is_word ? value_of(part.text, facts) : part.text;
    if (name.size() > size_max) return fail(ErrorCode::invalid, "name a copy of {}: the name has {} bytes, more than {}", printable(facts.database), name.size(), size_max).with_advice("a shorter --name");
    if (!expect_copy_file_name(name) || name.find('\\') != std::string::npos) {
        return fail(ErrorCode::invalid, "name a copy of {}: {} is no name for it", printable(facts.database), printable(name)).with_advice("a --name without {database}");
    }
    return name;
}

std::string numbered_name(const std::string& name, std::uint64_t n) {
    std::size_t layers = 0;
    for (const std::string_view ending : {".gz", ".zst"}) {
        if (name.ends_with(ending)) layers = ending.size();
    }
    const auto without = std::string_view(name).substr(0, name.size() - layers);
    constexpr std::string_view tar = ".tar";
    const std::size_t at = without.size() - (without.ends_with(tar) ? tar.size() : size_of_ending(without));
    return format("{}_{}{}", name.substr(0, at), n, name.substr(at));
}

}  // namespace holdfast::bundle
