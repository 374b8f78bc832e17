#include "holdfast/bundle/bundled_set.h"

#include <algorithm>
#include <map>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/bundle/json_bytes.h"

namespace holdfast::bundle {
namespace {

constexpr std::uint32_t mode_max = 07777;

Error corrupt(std::string_view what) {
    return fail(ErrorCode::corrupt, "read metadata.json: {}", what).with_advice("it was changed or damaged since it was made; another bundle");
}

std::vector<std::string> texts_at(const Json& object, const std::string& key) {
    std::vector<std::string> texts;
    const Json* const told = object.find(key);
    const Json::Array* const list = told != nullptr ? told->as_array() : nullptr;
    if (list == nullptr) return texts;
    for (const auto& one : *list) {
        if (const auto* text = one.as_text()) texts.push_back(*text);
    }
    return texts;
}

Json array_of(const std::vector<std::string>& texts) {
    Json list = Json::array();
    for (const auto& text : texts) list.push(text);
    return list;
}

std::string_view word_of(TarKind kind) { return kind == TarKind::folder ? "folder" : kind == TarKind::link ? "link" : "file"; }

std::optional<TarKind> kind_of_word(const std::string& word) {
    for (const auto kind : {TarKind::file, TarKind::folder, TarKind::link}) {
        if (word == word_of(kind)) return kind;
    }
    return std::nullopt;
}

Json json_of(const BundledThing& thing) {
    Json json = Json::object();
    set_bytes(json, "name", thing.path);
    json.set("kind", word_of(thing.kind));
    if (thing.kind != TarKind::link) json.set("mode", format("{:04o}", thing.mode));
    json.set("modified_ns", thing.modified.nanoseconds);
    if (thing.kind == TarKind::link) set_bytes(json, "target", thing.link_target);
    if (thing.kind == TarKind::file) json.set("size", thing.size).set("sha256", thing.sha256->hex());
    return json;
}

std::optional<std::uint32_t> mode_of(const std::string& octal) {
    std::uint32_t mode = 0;
    for (const char digit : octal) {
        if (digit < '0' || digit > '7' || mode > mode_max) return std::nullopt;
        mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
    }
    return octal.empty() || mode > mode_max ? std::nullopt : std::optional(mode);
}

// Names one after another, none of them empty, "." or "..".
bool lies_inside(std::string_view path) {
    if (path.empty()) return true;
    if (path.find('\0') != std::string_view::npos) return false;
    for (std::size_t at = 0;;) {
        const auto end = path.find('/', at);
        const auto name = path.substr(at, end == std::string_view::npos ? end : end - at);
        if (name.empty() || name == "." || name == "..") return false;
        if (end == std::string_view::npos) return true;
        at = end + 1;
    }
}

bool is_absolute(const std::string& path) { return path.size() > 1 && path.starts_with('/') && lies_inside(std::string_view(path).substr(1)); }

Result<BundledThing> thing_in(const Json& json) {
    BundledThing thing;
    const auto path = bytes_at(json, "name"), word = bytes_at(json, "kind");
    const auto kind = word ? kind_of_word(*word) : std::nullopt;
    const Json* const modified = json.find("modified_ns");
    const auto time = modified != nullptr ? modified->as_integer() : Result<std::int64_t>(corrupt("no time"));
    if (!path || !lies_inside(*path) || !kind || !time) return corrupt("a thing of a companion has no possible name, kind or time");
    thing.path = *path;
    thing.kind = *kind;
    thing.modified = {*time};
    if (thing.kind == TarKind::link) {
        const auto target = bytes_at(json, "target");
        if (!target || target->empty() || target->find('\0') != std::string::npos) return corrupt(format("{}: it does not tell where it leads", printable(thing.path)));
        thing.link_target = *target;
        return thing;
    }
    const auto mode = mode_of(bytes_at(json, "mode").value_or(""));
    if (!mode) return corrupt(format("{}: it has no mode", printable(thing.path)));
    thing.mode = *mode;
    if (thing.kind == TarKind::folder) return thing;
    const Json* const size = json.find("size");
    const auto bytes = size != nullptr ? size->as_integer() : Result<std::int64_t>(corrupt("no size"));
    const auto hash = Hash::from_hex(bytes_at(json, "sha256").value_or(""));
    if (!bytes || *bytes < 0 || !hash) return corrupt(format("{}: it has no size or no SHA-256", printable(thing.path)));
    thing.size = static_cast<std::uint64_t>(*bytes);
    thing.sha256 = *hash;
    return thing;
}

// Sorts as the things do: a folder before what lies in it. No name holds a zero byte.
std::string place_of(std::string path) {
    std::ranges::replace(path, '/', '\0');
    return path;
}

Result<void> expect_a_tree(BundledCompanion& companion) {
    std::map<std::string, BundledThing> by_place;
    for (auto& thing : companion.things) {
        std::string place = place_of(thing.path);
        if (!by_place.emplace(std::move(place), std::move(thing)).second) return corrupt(format("{} tells of a thing twice", printable(companion.path)));
    }
    companion.things.clear();
    std::set<std::string> folders;
    for (auto& [place, thing] : by_place) {
        const bool is_first = companion.things.empty();
        const auto slash = thing.path.rfind('/');
        const std::string parent = slash == std::string::npos ? "" : thing.path.substr(0, slash);
        if (is_first != thing.path.empty() || (!is_first && !folders.contains(parent))) return corrupt(format("{} lies in no folder of {}", printable(thing.path), printable(companion.path)));
        if (thing.kind == TarKind::folder) folders.insert(thing.path);
        companion.things.push_back(std::move(thing));
    }
    return companion.things.empty() ? Result<void>(corrupt(format("nothing of {} is told", printable(companion.path)))) : Result<void>();
}

Result<BundledCompanion> companion_in(const Json& json) {
    BundledCompanion companion;
    const auto path = bytes_at(json, "path"), member = bytes_at(json, "member");
    const Json* const told = json.find("things");
    const Json::Array* const things = told != nullptr ? told->as_array() : nullptr;
    if (!path || !is_absolute(*path) || !member || member->empty() || !lies_inside(*member) || things == nullptr) {
        return corrupt("a companion has no possible path, member or things");
    }
    companion.path = *path;
    companion.member = *member;
    companion.include = texts_at(json, "include");
    companion.exclude = texts_at(json, "exclude");
    companion.within = bytes_at(json, "within").value_or("");
    for (const auto& thing : *things) companion.things.push_back(TRY(thing_in(thing)));
    TRY(expect_a_tree(companion));
    return companion;
}

Result<std::vector<std::string>> patterns_at(const Json& object, const std::string& key) {
    const Json* const told = object.find(key);
    const Json::Array* const list = told != nullptr ? told->as_array() : nullptr;
    auto patterns = texts_at(object, key);
    if (list == nullptr || patterns.size() != list->size()) return corrupt("the patterns of a missing companion are no list of texts");
    return patterns;
}

Result<BundledAbsence> absence_in(const Json& json) {
    const auto path = bytes_at(json, "path"), within = bytes_at(json, "within"), named = bytes_at(json, "named");
    const Json* const told = json.find("redacted");
    const bool* const redacted = told != nullptr ? told->as_bool() : nullptr;
    if (redacted == nullptr) return corrupt("of a missing companion it does not tell whether it was redacted");
    if (!path || !within || !named || !is_absolute(*path) || !lies_inside(*within) || !(named->empty() || is_absolute(*named))) return corrupt("a missing companion has no possible path or rules");
    return BundledAbsence{.path = *path, .include = TRY(patterns_at(json, "include")), .exclude = TRY(patterns_at(json, "exclude")), .within = *within, .named = *named, .redacted = *redacted};
}

bool lies_in(const std::string& path, const std::string& folder) { return path == folder || path.starts_with(folder + "/"); }

}  // namespace

Json json_of(const std::vector<BundledCompanion>& companions) {
    Json list = Json::array();
    for (const auto& companion : companions) {
        Json json = Json::object();
        set_bytes(json, "path", companion.path);
        set_bytes(json, "member", companion.member);
        json.set("include", array_of(companion.include)).set("exclude", array_of(companion.exclude));
        set_bytes(json, "within", companion.within);
        Json things = Json::array();
        for (const auto& thing : companion.things) things.push(json_of(thing));
        json.set("things", std::move(things));
        list.push(std::move(json));
    }
    return list;
}

void set_faults(Json& metadata, const BundledFaults& faults) {
    if (!faults.skew_why.empty()) {
        metadata.set("skew", Json::object().set("span_ns", faults.skew_span_ns).set("why", faults.skew_why).set("paths", array_of(faults.skew_paths)));
    }
    if (faults.failed.empty()) return;
    Json failed = Json::array();
    for (const auto& [path, why] : faults.failed) failed.push(Json::object().set("path", path).set("error", why));
    metadata.set("failed", std::move(failed));
}

Result<std::vector<BundledCompanion>> companions_in(const Json& metadata) {
    std::vector<BundledCompanion> companions;
    const Json* const told = metadata.find("companions");
    if (told == nullptr) return companions;
    const Json::Array* const list = told->as_array();
    if (list == nullptr) return corrupt("its companions are no list");
    for (const auto& json : *list) {
        auto companion = TRY(companion_in(json));
        for (const auto& other : companions) {
            const bool are_apart = companion.path != other.path && !lies_in(companion.member, other.member) && !lies_in(other.member, companion.member);
            if (!are_apart) return corrupt(format("{} and {} are one, or one in the other", printable(companion.path), printable(other.path)));
        }
        companions.push_back(std::move(companion));
    }
    return companions;
}

BundledFaults faults_in(const Json& metadata) {
    BundledFaults faults;
    if (const Json* const skew = metadata.find("skew")) {
        faults.skew_why = bytes_at(*skew, "why").value_or("");
        faults.skew_paths = texts_at(*skew, "paths");
        const Json* const span = skew->find("span_ns");
        const auto span_ns = span != nullptr ? span->as_integer() : Result<std::int64_t>(std::int64_t{0});
        faults.skew_span_ns = span_ns ? *span_ns : 0;
    }
    const Json* const told = metadata.find("failed");
    const Json::Array* const failed = told != nullptr ? told->as_array() : nullptr;
    if (failed == nullptr) return faults;
    for (const auto& one : *failed) faults.failed.emplace_back(bytes_at(one, "path").value_or(""), bytes_at(one, "error").value_or(""));
    return faults;
}

void set_missing(Json& metadata, const std::vector<BundledAbsence>& missing) {
    if (missing.empty()) return;
    Json list = Json::array();
    for (const auto& one : missing) {
        Json json = Json::object();
        set_bytes(json, "path", one.path);
        json.set("include", array_of(one.include)).set("exclude", array_of(one.exclude));
        set_bytes(json, "within", one.within);
        set_bytes(json, "named", one.named);
        json.set("redacted", one.redacted);
        list.push(std::move(json));
    }
    metadata.set("missing", std::move(list));
}

Result<std::vector<BundledAbsence>> missing_in(const Json& metadata) {
    std::vector<BundledAbsence> missing;
    const Json* const told = metadata.find("missing");
    if (told == nullptr) return missing;
    const Json::Array* const list = told->as_array();
    if (list == nullptr) return corrupt("what was missing is no list");
    for (const auto& json : *list) {
        auto one = TRY(absence_in(json));
        if (std::ranges::find(missing, one.path, &BundledAbsence::path) != missing.end()) return corrupt(format("{} is told to be missing twice", printable(one.path)));
        missing.push_back(std::move(one));
    }
    return missing;
}

}  // namespace holdfast::bundle
