#include "holdfast/operations/sought_companions.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/bundle/archived_tree.h"
#include "holdfast/live/walk_companion.h"

namespace holdfast::operations {

namespace {

using Verdict = live::PathPatterns::Verdict;

Result<void> learn_shapes(Context& context, SoughtCompanion& sought) {
    const auto look = live::walk_companion(context.host.files, {.root = sought.path, .include = sought.include, .exclude = sought.exclude, .never = {}, .is_own = nullptr}, context.watch);
    if (!look && look.error().code() == ErrorCode::cancelled) return look.error().copy();
    if (!look) return {};
    for (const auto& thing : look->things) {
        const bool is_folder = thing.status.kind == host::FileKind::folder && !thing.path.empty();
        if (is_folder && thing.path.find('/') == std::string::npos) sought.folders.insert(thing.path);
        if (thing.status.kind == host::FileKind::regular && !thing.path.empty()) sought.shapes.insert(shape_of(host::file_name_of(thing.path)));
    }
    return {};
}

Result<SoughtCompanion> sought_by(Context& context, const CompanionSettings& settings) {
    SoughtCompanion sought{.path = TRY(host::canonical_or_future(context.host.files, settings.path)), .rules = {.include = settings.include, .exclude = settings.exclude, .within = {}}, .include = {}, .exclude = {}};
    sought.include = TRY(live::PathPatterns::parse(settings.include));
    sought.exclude = TRY(live::PathPatterns::parse(settings.exclude));
    if (settings.keep == "rebuild") sought.why_not = "it is not kept, but built again";
    if (settings.keep == "redacted") sought.why_not = "it is kept without its secrets, and an old copy may hold some";
    return sought;
}

struct Given {
    std::string companion, old;
};
Result<Given> read_flag(Context& context, const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
        return fail(ErrorCode::invalid, "adopt with --companion {}: it is not PATH=OLD", printable(text)).with_advice("--companion data/faiss=backups/faiss");
    }
    return Given{.companion = TRY(host::canonical_or_future(context.host.files, text.substr(0, equals))), .old = TRY(context.host.files.canonical(text.substr(equals + 1)))};
}

}  // namespace

std::string shape_of(std::string_view name) {
    std::string shape;
    for (const char letter : name) {
        const bool is_digit = letter >= '0' && letter <= '9';
        if (!is_digit) shape += letter;
        else if (!shape.ends_with('#')) shape += '#';
    }
    return shape;
}

bool SoughtCompanion::takes(const std::string& path_in_it, host::FileKind of) const {
    constexpr std::string_view never[] = {".DS_Store", "Thumbs.db", "desktop.ini", "__pycache__"};
    bool is_included = include.empty();
    std::string so_far;
    const auto parts = bundle::parts_of(path_in_it);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        so_far += (i == 0 ? "" : "/") + parts[i];
        const auto kind = i + 1 < parts.size() ? host::FileKind::folder : of;
        const auto excluded = exclude.judge(so_far, kind), included = include.judge(so_far, kind);
        const bool is_by_itself = std::ranges::find(never, parts[i]) != std::end(never) && excluded != Verdict::taken_back;
        if (excluded == Verdict::matches || is_by_itself) return false;
        if (included != Verdict::none) is_included = included == Verdict::matches;
    }
    return is_included;
}

Result<std::string> source_with(Context& context, const LoadedSettings& loaded, const std::string& database) {
    std::string found;
    for (const auto& [name, source] : loaded.settings.source) {
        for (const auto& path : source.databases) {
            if (TRY(host::canonical_or_future(context.host.files, path)) != database) continue;
            if (!found.empty() && found != name) return std::string();
            found = name;
        }
    }
    return found;
}

Result<std::vector<SoughtCompanion>> sought_companions(Context& context, const AdoptRequest& request, const LoadedSettings& loaded, const std::string& database) {
    std::vector<SoughtCompanion> all;
    const auto* named = request.source.empty() ? nullptr : loaded.source(request.source);
    const auto* source = named != nullptr ? named : loaded.source(TRY(source_with(context, loaded, database)));
    if (source != nullptr) {
        for (const auto& settings : source->companions) all.push_back(TRY(sought_by(context, settings)));
    }
    const bool is_in_settings = !all.empty();
    for (const auto& flag : request.companions) {
        auto given = TRY(read_flag(context, flag));
        auto place = std::ranges::find(all, given.companion, &SoughtCompanion::path);
        if (place == all.end() && is_in_settings) {
            return fail(ErrorCode::invalid, "adopt with --companion {}: {} is no companion of the source", printable(flag), printable(given.companion))
                .with_advice(format("the settings have {}", printable(all.front().path)));
        }
        if (place == all.end()) place = all.insert(all.end(), {.path = given.companion, .include = {}, .exclude = {}});
        place->given.push_back(std::move(given.old));
    }
    for (auto& sought : all) TRY(learn_shapes(context, sought));
    return all;
}

}  // namespace holdfast::operations
