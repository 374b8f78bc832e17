#include "holdfast/operations/outside_companion.h"

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/live/settled_file.h"

namespace holdfast::operations {

namespace {

using repository::EntryType;

class UnpackedFile final : public repository::ByteSource {
public:
    explicit UnpackedFile(live::SettledFile file) : file_(std::move(file)) {}
    std::uint64_t size() const override { return file_.size(); }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override { return file_.read(offset, into); }
    std::uint64_t next_data(std::uint64_t offset) const override { return file_.next_data(offset); }

private:
    live::SettledFile file_;
};

EntryType type_of(bundle::TarKind kind) {
    return kind == bundle::TarKind::folder ? EntryType::directory : kind == bundle::TarKind::link ? EntryType::link : EntryType::file;
}

history::CompanionThing thing_of(const bundle::BundledThing& told) {
    history::CompanionThing thing{.path = told.path, .entry = {}};
    thing.entry.type = type_of(told.kind);
    constexpr std::uint32_t mode_of_links = 0777;
    thing.entry.mode = told.kind == bundle::TarKind::link ? mode_of_links : told.mode;
    thing.entry.owner = host::user_id();
    thing.entry.modified = told.modified;
    thing.entry.link_target = told.link_target;
    if (told.kind == bundle::TarKind::file) thing.entry.content.size = told.size;
    return thing;
}

// One text for one content: each part ends with what none of them holds.
std::string line_of(const bundle::BundledThing& told) {
    const std::string what = told.kind == bundle::TarKind::file ? told.sha256->hex() : told.link_target;
    return told.path + '\0' + format("{}", static_cast<int>(told.kind)) + '\0' + what + '\0';
}

}  // namespace

Result<OutsideCompanion> outside_companion(Context& context, const bundle::UnpackedCompanion& unpacked) {
    OutsideCompanion companion;
    companion.to_keep.name = unpacked.told.path;
    companion.to_keep.rules = {.include = unpacked.told.include, .exclude = unpacked.told.exclude, .within = unpacked.told.within};
    Sha256 hash;
    for (const auto& told : unpacked.told.things) {
        companion.to_keep.things.push_back(thing_of(told));
        companion.bytes += told.size;
        hash.update(bytes_of(line_of(told)));
    }
    companion.content = hash.finish();
    auto& files = context.host.files;
    companion.to_keep.open = [&files, paths = unpacked.files](std::size_t at) -> Result<std::unique_ptr<repository::ByteSource>> {
        auto file = TRY(live::SettledFile::open(files, paths[at], TRY(files.status_of_link(paths[at]))));
        return std::unique_ptr<repository::ByteSource>(std::make_unique<UnpackedFile>(std::move(file)));
    };
    companion.is_kept = true;
    for (std::size_t i = 0; i < unpacked.files.size(); ++i) {
        const bool is_file = unpacked.told.things[i].kind == bundle::TarKind::file;
        companion.is_kept = companion.is_kept && (!is_file || !unpacked.files[i].empty());
    }
    return companion;
}

Result<std::string> moved_with(const std::string& companion, const std::string& before, const std::string& now) {
    if (before == now) return companion;
    std::string old_folder = host::folder_of(before), new_folder = host::folder_of(now);
    // What is above both alike has not moved.
    while (old_folder != "/" && new_folder != "/" && !companion.starts_with(old_folder + "/") && host::file_name_of(old_folder) == host::file_name_of(new_folder)) {
        old_folder = host::folder_of(old_folder);
        new_folder = host::folder_of(new_folder);
    }
    const bool is_below = old_folder != "/" && companion.starts_with(old_folder + "/");
    if (is_below) return host::join_path(new_folder, companion.substr(old_folder.size() + 1));
    return fail(ErrorCode::invalid, "{} lay not beside {}, so nothing tells where it belongs beside {}", printable(companion), printable(before), printable(now))
        .with_advice(format("--for {}: the path that it had", printable(before)));
}

}  // namespace holdfast::operations
