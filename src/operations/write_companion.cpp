#include "holdfast/operations/write_companion.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

constexpr std::uint32_t folder_mode_while_written = 0700;

class Writing {
public:
    Writing(Context& context, OpenRepository& opened, const DirectoryEntry& companion, const CompanionPlace& place, std::string aside)
        : context_(context), files_(context.host.files), opened_(opened), companion_(companion), place_(place), aside_(std::move(aside)) {}

    Result<WrittenCompanion> run() {
        repository::EntryVisit visit;
        visit.entry = [this](const std::string& path, const DirectoryEntry& entry) { return write(aside_ + path.substr(companion_.name.size()), entry); };
        TRY(opened_.get().open_index());
        TRY(repository::visit_entries(opened_.get().chunks(), companion_, visit));
        TRY(together_.sync());
        // From the deepest to the outermost: what is written into a folder moves its time, and may not be written later.
        for (auto at = folders_.rbegin(); at != folders_.rend(); ++at) TRY(finish_folder(*at));
        written_.warnings = refused_.warnings();
        return std::move(written_);
    }

    // Of what was written; as far as it can be.
    void remove_all() {
        for (auto at = written_paths_.rbegin(); at != written_paths_.rend(); ++at) static_cast<void>(files_.remove(*at));
        for (auto at = folders_.rbegin(); at != folders_.rend(); ++at) {
            static_cast<void>(files_.set_mode(at->path, folder_mode_while_written));
            static_cast<void>(files_.remove_folder(at->path));
        }
    }

private:
    struct Folder {
        std::string path;
        DirectoryEntry entry;
    };

    Result<void> write(const std::string& path, const DirectoryEntry& entry) {
        TRY(context_.watch.go_on());
        if (entry.type == EntryType::directory) {
            TRY(files_.make_folder(path, folder_mode_while_written));
            folders_.push_back({.path = path, .entry = entry});
            return {};
        }
        written_paths_.push_back(path);
        auto written = TRY(write_entry(context_, opened_, entry, {.path = path, .owners = place_.owners, .together = &together_, .meant = meant(path), .written_before = written_.bytes}));
        refused_.add(meant(path), written.owner_refused);
        if (entry.type == EntryType::file) ++written_.files;
        written_.bytes += written.bytes;
        return {};
    }

    std::string meant(const std::string& path) const { return place_.path + path.substr(aside_.size()); }

    // The owner before the mode, of which a change of owner takes bits away.
    Result<void> finish_folder(const Folder& folder) {
        TRY(files_.sync_folder(folder.path));
        if (place_.owners == Owners::as_in_backup) {
            const auto given = files_.set_owner(folder.path, folder.entry.owner, folder.entry.group);
            if (!given) refused_.add(meant(folder.path), given.error().message());
        }
        TRY(files_.set_modified(folder.path, folder.entry.modified));
        return files_.set_mode(folder.path, folder.entry.mode);
    }

    Context& context_;
    host::FileSystem& files_;
    OpenRepository& opened_;
    const DirectoryEntry& companion_;
    const CompanionPlace& place_;
    const std::string aside_;
    std::vector<Folder> folders_;
    std::vector<std::string> written_paths_;  // files and links
    SyncTogether together_{files_};
    OwnersRefused refused_;
    WrittenCompanion written_;
};

}  // namespace

Result<WrittenCompanion> write_companion(Context& context, OpenRepository& opened, const DirectoryEntry& companion, const CompanionPlace& place) {
    auto& files = context.host.files;
    const auto folder = host::folder_of(place.path);
    constexpr std::uint32_t folder_mode = 0755;
    TRY(host::make_folders_durably(files, folder, folder_mode));
    const std::string aside = host::join_path(folder, format(".{}.{:016x}.new", host::file_name_of(place.path), host::random_u64(context.host.random)));
    Writing writing(context, opened, companion, place, aside);
    auto written = writing.run();
    if (written) {
        if (auto named = files.rename_if_absent(aside, place.path); !named) written = std::move(named).error();
    }
    if (!written) {
        writing.remove_all();
        return written;
    }
    TRY(files.sync_folder(folder));
    return written;
}

}  // namespace holdfast::operations
