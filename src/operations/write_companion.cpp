#include "holdfast/operations/write_companion.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/repository/content_reader.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

constexpr std::uint64_t step_bytes = 4 * 1024 * 1024;
constexpr std::size_t hole_bytes_min = 16 * 1024;  // zeros that are not written; fewer are not worth a write of their own
constexpr std::uint32_t mode_while_written = 0600, folder_mode_while_written = 0700;

class Writing {
public:
    Writing(Context& context, const repository::Repository& repository, const DirectoryEntry& companion, const CompanionPlace& place, std::string aside)
        : context_(context), files_(context.host.files), repository_(repository), companion_(companion), place_(place), aside_(std::move(aside)) {}

    Result<WrittenCompanion> run() {
        repository::EntryVisit visit;
        visit.entry = [this](const std::string& path, const DirectoryEntry& entry) { return write(aside_ + path.substr(companion_.name.size()), entry); };
        TRY(repository_.open_index());
        TRY(repository::visit_entries(repository_.chunks(), companion_, visit));
        // From the deepest to the outermost: what is written into a folder moves its time, and may not be written later.
        for (auto at = folders_.rbegin(); at != folders_.rend(); ++at) TRY(finish_folder(*at));
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
        switch (entry.type) {
            case EntryType::directory:
                TRY(files_.make_folder(path, folder_mode_while_written));
                folders_.push_back({.path = path, .entry = entry});
                return {};
            case EntryType::link:
                TRY(files_.make_link(entry.link_target, path));
                written_paths_.push_back(path);
                return files_.set_modified(path, entry.modified);
            case EntryType::file: return write_file(path, entry);
            case EntryType::database:
            case EntryType::raw: break;
        }
        return fail(ErrorCode::corrupt, "restore {}: a companion holds no databases", printable(path));
    }

    Result<void> write_file(const std::string& path, const DirectoryEntry& entry) {
        const auto content = TRY(repository_.open_content(entry));
        const auto file = TRY(files_.create(path, mode_while_written));
        written_paths_.push_back(path);
        const auto size = entry.content.size;
        if (size > 0) TRY(file->resize(size));
        Buffer buffer(std::min(size, step_bytes));
        for (std::uint64_t at = 0; (at = content->next_data(at)) < size; at += step_bytes) {
            TRY(context_.watch.go_on());
            const auto part = buffer.span().first(std::min(step_bytes, size - at));
            auto read = content->read(at, part);
            if (!read) return std::move(read).error().while_doing(printable(place_.path + path.substr(aside_.size())));
            TRY(write_data(*file, at, part));
            context_.watch.at({.phase = "restoring", .done = written_.bytes + at + part.size(), .total = 0});
        }
        give(*file, path, entry);
        TRY(file->set_mode(entry.mode));
        TRY(files_.set_modified(path, entry.modified));
        TRY(file->sync());
        ++written_.files;
        written_.bytes += size;
        return {};
    }

    // What was sparse stays so.
    static Result<void> write_data(host::File& file, std::uint64_t offset, ByteView bytes) {
        const auto first = [](ByteView rest) { return rest.first(std::min(hole_bytes_min, rest.size())); };
        while (!bytes.empty()) {
            std::size_t zeros = 0, data = 0;
            while (zeros < bytes.size() && is_all_zero(first(bytes.subspan(zeros)))) zeros += first(bytes.subspan(zeros)).size();
            bytes = bytes.subspan(zeros);
            while (data < bytes.size() && !is_all_zero(first(bytes.subspan(data)))) data += first(bytes.subspan(data)).size();
            if (data > 0) TRY(file.write_at(offset + zeros, bytes.first(data)));
            bytes = bytes.subspan(data);
            offset += zeros + data;
        }
        return {};
    }

    void give(host::File& file, const std::string& path, const DirectoryEntry& entry) {
        if (place_.owners == CompanionPlace::Owners::ours) return;
        const auto given = file.set_owner(entry.owner, entry.group);
        if (!given) written_.warnings.push_back(format("{} belongs to whoever restores it: {}", printable(place_.path + path.substr(aside_.size())), given.error().message()));
    }

    Result<void> finish_folder(const Folder& folder) {
        TRY(files_.sync_folder(folder.path));
        TRY(files_.set_modified(folder.path, folder.entry.modified));
        return files_.set_mode(folder.path, folder.entry.mode);
    }

    Context& context_;
    host::FileSystem& files_;
    const repository::Repository& repository_;
    const DirectoryEntry& companion_;
    const CompanionPlace& place_;
    const std::string aside_;
    std::vector<Folder> folders_;
    std::vector<std::string> written_paths_;  // files and links
    WrittenCompanion written_;
};

}  // namespace

Result<WrittenCompanion> write_companion(Context& context, const repository::Repository& repository, const DirectoryEntry& companion, const CompanionPlace& place) {
    auto& files = context.host.files;
    const auto folder = host::folder_of(place.path);
    constexpr std::uint32_t folder_mode = 0755;
    TRY(host::make_folders_durably(files, folder, folder_mode));
    const std::string aside = host::join_path(folder, format(".{}.{:016x}.new", host::file_name_of(place.path), host::random_u64(context.host.random)));
    Writing writing(context, repository, companion, place, aside);
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
