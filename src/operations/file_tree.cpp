#include "holdfast/operations/file_tree.h"

#include <algorithm>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/live/settled_file.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

class KeptFile final : public OpenedFile {
public:
    explicit KeptFile(std::unique_ptr<repository::ContentReader> content) : content_(std::move(content)) {}
    Result<void> read(std::uint64_t offset, MutableByteView into) const override { return content_->read(offset, into); }
    Result<bool> is_as_it_was() const override { return true; }

private:
    std::unique_ptr<repository::ContentReader> content_;
};

class KeptFiles final : public FileTree {
public:
    KeptFiles(const repository::Repository& repository, const repository::Snapshot& snapshot) : repository_(repository), tops_(snapshot.companions), began_(snapshot.began) {}

    const std::vector<DirectoryEntry>& tops() const override { return tops_; }
    Result<std::vector<DirectoryEntry>> folder(const std::string& path, const DirectoryEntry& entry) const override {
        auto entries = repository::read_folder(repository_.chunks(), entry);
        if (!entries) return std::move(entries).error().while_doing(printable(path));
        return entries;
    }
    Result<std::unique_ptr<OpenedFile>> open(const std::string&, const DirectoryEntry& entry) const override {
        return std::unique_ptr<OpenedFile>(std::make_unique<KeptFile>(TRY(repository_.open_content(entry))));
    }
    bool knows_contents() const override { return true; }
    Timestamp began() const override { return began_; }
    bool is_untouched_since(const std::string&, Timestamp) const override { return false; }
    const std::vector<std::string>& unknown() const override { return none_; }
    const std::vector<std::string>& unknown_in_words() const override { return none_; }

private:
    const repository::Repository& repository_;
    const std::vector<DirectoryEntry> tops_;
    const Timestamp began_;
    const std::vector<std::string> none_;
};

class LiveFile final : public OpenedFile {
public:
    explicit LiveFile(live::SettledFile file) : file_(std::move(file)) {}
    Result<void> read(std::uint64_t offset, MutableByteView into) const override { return file_.read(offset, into); }
    Result<bool> is_as_it_was() const override { return file_.is_as_it_was(); }

private:
    live::SettledFile file_;
};

class LiveFiles final : public FileTree {
public:
    explicit LiveFiles(Context& context) : files_(context.host.files), began_(context.host.clock.now()) {}

    Result<void> look(Context& context, const CompanionPlan& plan) {
        const auto& root = plan.order.root;
        auto look = live::walk_companion(files_, plan.order, context.watch);
        if (!look && look.error().code() == ErrorCode::cancelled) return std::move(look).error();
        if (!look) {
            tell_unknown(root, look.error().message());
            return {};
        }
        for (const auto& one : look->left_out) {
            if (one.why == live::WhyLeftOut::unreadable) tell_unknown(host::join_path(root, one.path), one.reason.empty() ? "it cannot be read" : one.reason);
        }
        for (const auto& thing : look->things) add(root, thing);
        return {};
    }
    void sort() { std::ranges::sort(tops_, {}, &DirectoryEntry::name); }

    const std::vector<DirectoryEntry>& tops() const override { return tops_; }
    Result<std::vector<DirectoryEntry>> folder(const std::string& path, const DirectoryEntry&) const override {
        const auto found = folders_.find(path);
        return found == folders_.end() ? std::vector<DirectoryEntry>() : found->second;
    }
    Result<std::unique_ptr<OpenedFile>> open(const std::string& path, const DirectoryEntry&) const override {
        return std::unique_ptr<OpenedFile>(std::make_unique<LiveFile>(TRY(live::SettledFile::open(files_, path, states_.at(path)))));
    }
    bool knows_contents() const override { return false; }
    Timestamp began() const override { return began_; }
    bool is_untouched_since(const std::string& path, Timestamp time) const override {
        const auto& status = states_.at(path);
        return status.changed.nanoseconds < time.nanoseconds - doubtful_ns && shows_all_writes(path, status);
    }
    const std::vector<std::string>& unknown() const override { return unknown_; }
    const std::vector<std::string>& unknown_in_words() const override { return in_words_; }

private:
    static constexpr std::int64_t doubtful_ns = 2 * nanoseconds_per_second;  // file systems count time in steps, at most such large ones

    // As each backup settles what it reads, such a file system shows all that was written since.
    bool shows_all_writes(const std::string& path, const host::FileStatus& status) const {
        const auto known = shows_all_writes_.find(status.device);
        if (known != shows_all_writes_.end()) return known->second;
        const auto file = files_.open_to_read_unfollowed(path);
        return file && shows_all_writes_.emplace(status.device, (*file)->shows_mapped_writes()).first->second;
    }
    void tell_unknown(const std::string& path, std::string_view why) {
        unknown_.push_back(path);
        in_words_.push_back(format("{}: {}", printable(path), why));
    }
    // In one folder by name, and a folder before what lies in it: so they come in the order that folder() promises.
    void add(const std::string& root, const live::CompanionThing& thing) {
        auto entry = entry_of(thing);
        const std::string path = thing.path.empty() ? root : root + "/" + thing.path;
        states_.emplace(path, thing.status);
        entry.name = thing.path.empty() ? root : host::file_name_of(path);
        if (thing.path.empty()) tops_.push_back(std::move(entry));
        else folders_[host::folder_of(path)].push_back(std::move(entry));
    }

    host::FileSystem& files_;
    const Timestamp began_;
    std::vector<DirectoryEntry> tops_;
    std::map<std::string, std::vector<DirectoryEntry>> folders_;
    std::map<std::string, host::FileStatus> states_;
    mutable std::map<std::uint64_t, bool> shows_all_writes_;  // by device
    std::vector<std::string> unknown_, in_words_;
};

}  // namespace

std::unique_ptr<FileTree> kept_files(const repository::Repository& repository, const repository::Snapshot& snapshot) { return std::make_unique<KeptFiles>(repository, snapshot); }

Result<std::unique_ptr<FileTree>> live_files(Context& context, const std::vector<CompanionPlan>& plans) {
    auto tree = std::make_unique<LiveFiles>(context);
    for (const auto& plan : plans) TRY(tree->look(context, plan));
    tree->sort();
    return std::unique_ptr<FileTree>(std::move(tree));
}

}  // namespace holdfast::operations
