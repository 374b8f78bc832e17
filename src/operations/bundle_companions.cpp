#include <algorithm>
#include <iterator>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/operations/bundle_members.h"
#include "holdfast/operations/stream_entry.h"
#include "holdfast/operations/stream_image.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

constexpr std::string_view folder = "companions";

bundle::TarKind kind_of(EntryType type) {
    return type == EntryType::directory ? bundle::TarKind::folder : type == EntryType::link ? bundle::TarKind::link : bundle::TarKind::file;
}

// By their own names; where two have one, all by their whole paths.
std::string member_of(const DirectoryEntry& companion, const repository::Snapshot& snapshot) {
    std::set<std::string> names;
    for (const auto& entry : snapshot.companions) names.insert(host::file_name_of(entry.name));
    const bool is_clear = names.size() == snapshot.companions.size();
    return is_clear ? format("{}/{}", folder, host::file_name_of(companion.name)) : format("{}{}", folder, companion.name);
}

class Bundling {
public:
    Bundling(Context& context, OpenRepository& opened, BundledCompanions& into) : context_(context), opened_(opened), into_(into) {}

    Result<void> take(const DirectoryEntry& companion, std::string member) {
        auto& told = into_.companions.emplace_back();
        told.path = companion.name;
        told.member = std::move(member);
        told.include = companion.rules.include;
        told.exclude = companion.rules.exclude;
        told.within = companion.rules.within;
        repository::EntryVisit visit;
        visit.entry = [&](const std::string& path, const DirectoryEntry& entry) { return take_thing(path, entry, told); };
        return repository::visit_entries(opened_.get().chunks(), companion, visit);
    }

private:
    Result<void> take_thing(const std::string& path, const DirectoryEntry& entry, bundle::BundledCompanion& told) {
        TRY(context_.watch.go_on());
        const std::string below = path.size() > told.path.size() ? path.substr(told.path.size() + 1) : std::string();
        bundle::BundledThing thing{.path = below, .kind = kind_of(entry.type), .mode = entry.mode, .modified = entry.modified, .link_target = entry.link_target};
        BundleMember member;
        if (entry.type == EntryType::file) {
            NoSink nowhere;
            thing.size = member.size = entry.content.size;
            member.sha256 = TRY(stream_entry(context_, opened_.get(), entry, nowhere));
            thing.sha256 = member.sha256;
        } else {
            member.sha256 = sha256({});
        }
        member.name = told.member_of(thing);
        member.entry = std::make_shared<const DirectoryEntry>(entry);
        into_.members.push_back(std::move(member));
        told.things.push_back(std::move(thing));
        return {};
    }

    Context& context_;
    OpenRepository& opened_;
    BundledCompanions& into_;
};

}  // namespace

Result<BundledCompanions> bundle_companions(Context& context, OpenRepository& opened, const repository::Snapshot& snapshot) {
    BundledCompanions into;
    if (snapshot.companions.empty()) return into;
    TRY(opened.get().open_index());
    Bundling bundling(context, opened, into);
    for (const auto& companion : snapshot.companions) TRY(bundling.take(companion, member_of(companion, snapshot)));
    return into;
}

Result<BundledCompanions> bundle_companion(Context& context, OpenRepository& opened, const DirectoryEntry& companion, const std::string& member) {
    BundledCompanions into;
    TRY(opened.get().open_index());
    TRY(Bundling(context, opened, into).take(companion, member));
    return into;
}

Result<std::vector<BundleMember>> with_companions(std::vector<BundleMember> members, Json facts, BundledCompanions companions) {
    facts.set("companions", bundle::json_of(companions.companions));
    members = with_metadata(std::move(members), std::move(facts));
    const auto metadata = std::ranges::find(members, "metadata.json", &BundleMember::name);
    if (metadata->size > bundle::metadata_size_max) {
        return fail(ErrorCode::invalid, "bundle {} files: its metadata.json would be {}, and {} are read", companions.members.size(), human_bytes(metadata->size), human_bytes(bundle::metadata_size_max))
            .with_advice("holdfast restore --to FOLDER, and a tar of that");
    }
    std::rotate(members.begin(), metadata, metadata + 1);
    std::ranges::move(companions.members, std::back_inserter(members));
    return members;
}

}  // namespace holdfast::operations
