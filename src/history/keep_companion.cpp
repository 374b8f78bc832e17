#include "holdfast/history/keep_companion.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <unordered_set>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/history/shifting_file.h"
#include "holdfast/repository/entries.h"

namespace holdfast::history {

using repository::ByteSource;
using repository::ChunkId;
using repository::Content;
using repository::DirectoryEntry;
using repository::EntryType;

namespace {

constexpr int openings_max = 4;                           // of a file that becomes shorter, or of another kind of size, while it is read
constexpr std::uint32_t unit = 4096;                      // what changes as a whole in files that have no pages
constexpr std::uint64_t worth_a_cache = 4 * 1024 * 1024;  // of fingerprints, for the next time

// Files one after another, to learn from.
class Sample final : public ByteSource {
public:
    Sample(const CompanionToKeep& companion, std::vector<std::size_t> files) : companion_(companion), files_(std::move(files)) {
        for (const auto file : files_) {
            starts_.push_back(size_);
            size_ += companion_.things[file].entry.content.size;
        }
    }
    std::uint64_t size() const override { return size_; }
    // What cannot be read is zeros: this is no backup.
    Result<void> read(std::uint64_t offset, MutableByteView into) const override {
        std::ranges::fill(into, std::byte{0});
        auto at = static_cast<std::size_t>(std::ranges::upper_bound(starts_, offset) - starts_.begin()) - 1;
        for (; !into.empty() && at < files_.size(); ++at) {
            const auto within = offset - starts_[at];
            const auto size = std::min<std::uint64_t>(into.size(), companion_.things[files_[at]].entry.content.size - within);
            if (const auto source = companion_.open(files_[at]); source && within + size <= (*source)->size()) {
                [[maybe_unused]] const auto done = (*source)->read(within, into.first(size));
            }
            into = into.subspan(size);
            offset += size;
        }
        return {};
    }

private:
    const CompanionToKeep& companion_;
    std::vector<std::size_t> files_;
    std::vector<std::uint64_t> starts_;
    std::uint64_t size_ = 0;
};

// Tells whose fault a failure is.
class WatchedSource final : public ByteSource {
public:
    explicit WatchedSource(const ByteSource& source) : source_(source) {}
    std::uint64_t size() const override { return source_.size(); }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override {
        auto done = source_.read(offset, into);
        if (!done) has_failed_ = true;
        return done;
    }
    std::uint64_t next_data(std::uint64_t offset) const override { return source_.next_data(offset); }
    bool has_failed() const { return has_failed_; }

private:
    const ByteSource& source_;
    mutable std::atomic<bool> has_failed_ = false;
};

bool is_gone(const Error& error) { return error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found; }

// What becomes of companion.things[i].
struct Thing {
    std::optional<DirectoryEntry> before;  // of the same kind
    std::optional<Content> content;        // of a file: none is a failure
    std::vector<DirectoryEntry> entries;   // of a folder: what lies in it, as it is kept now
};

class Keeping {
public:
    Keeping(repository::Session& session, CompanionPast past, const CompanionToKeep& companion, const Watch& watch)
        : session_(session), past_(std::move(past)), companion_(companion), watch_(watch), things_(companion.things.size()) {}
    Result<KeptCompanion> run();

    const CompanionToKeep& companion() const { return companion_; }
    const Thing& thing(std::size_t at) const { return things_[at]; }
    void take(std::size_t file, Result<Content> content);

private:
    Result<void> begin();
    Result<void> find_before();
    void note_gone(const std::vector<DirectoryEntry>& listing, const std::string& folder);
    void take_over();
    Result<void> train();
    enum class Size { small, large };
    std::vector<std::size_t> files_to_read(Size size) const;
    // Both give back those that have another size by now, and are to be kept by the other.
    Result<std::vector<std::size_t>> keep_small(std::vector<std::size_t> files);
    Result<std::vector<std::size_t>> keep_large(const std::vector<std::size_t>& files);
    Result<std::optional<Error>> keep_large_file(std::size_t file, const ByteSource& source);  // why it could not be read
    bool shifts(std::size_t file) const;
    std::string like(std::size_t file) const;
    std::optional<repository::Before> before(std::size_t file) const;
    Result<repository::KeptContent> keep_fixed(std::size_t file, const ByteSource& source);
    Result<repository::KeptContent> keep_shifting(std::size_t file, const ByteSource& source);
    Result<DirectoryEntry> list();

    repository::Session& session_;
    CompanionPast past_;
    const CompanionToKeep& companion_;
    const Watch& watch_;
    std::unique_ptr<repository::FolderWriter> writer_;
    std::vector<Thing> things_;
    std::unordered_set<std::string> paths_;  // of all things
    KeptCompanion kept_;
};

class SmallOnes final : public repository::SmallFiles {
public:
    SmallOnes(Keeping& of, std::vector<std::size_t> files) : of_(of), files_(std::move(files)) {}
    std::size_t count() const override { return files_.size(); }
    std::optional<ChunkId> before(std::size_t file) const override {
        const auto& before = of_.thing(files_[file]).before;
        return before && before->content.levels == 0 ? before->content.root : std::nullopt;
    }
    Result<Bytes> read(std::size_t file) const override {
        for (int i = 1;; ++i) {
            auto bytes = read_once(file);
            const bool is_busy = !bytes && bytes.error().code() == ErrorCode::busy;
            if (!is_busy || has_grown(file) || i == openings_max) return bytes;
        }
    }
    void kept(std::size_t file, Result<Content> content) override {
        if (!has_grown(file)) of_.take(files_[file], std::move(content));
    }
    // Those that are small no more, of which nothing has been taken.
    std::vector<std::size_t> grown() const {
        std::vector<std::size_t> files;
        for (const auto file : grown_) files.push_back(files_[file]);
        return files;
    }

private:
    Result<Bytes> read_once(std::size_t file) const {
        const auto source = TRY(of_.companion().open(files_[file]));
        if (source->size() > limits::extent_size) {
            const std::lock_guard lock(mutex_);
            grown_.insert(file);
            return fail(ErrorCode::busy, "it has grown since it was looked at");
        }
        Bytes bytes(source->size());
        TRY(source->read(0, bytes));
        return bytes;
    }
    bool has_grown(std::size_t file) const {
        const std::lock_guard lock(mutex_);
        return grown_.contains(file);
    }

    Keeping& of_;
    const std::vector<std::size_t> files_;
    mutable std::mutex mutex_;
    mutable std::set<std::size_t> grown_;
};

void Keeping::take(std::size_t file, Result<Content> content) {
    auto& thing = things_[file];
    if (!content) {
        --kept_.files;
        kept_.bytes -= companion_.things[file].entry.content.size;
        kept_.failures.push_back({.path = companion_.things[file].path, .why = std::move(content).error(), .was_kept_before = thing.before.has_value()});
        return;
    }
    thing.content = *content;
    kept_.bytes += content->size - companion_.things[file].entry.content.size;  // it may have grown since it was looked at
    kept_.bytes_read += content->size;
    const auto& path = companion_.things[file].path;
    if (!path.empty() && content->size == 0 && thing.before && thing.before->content.size > 0) kept_.emptied.push_back(path);
    if (thing.before && thing.before->content == *content) return;
    ++kept_.files_changed;
    const auto& given = companion_.things[file];
    if (thing.before && given.is_unchanged && given.is_to_be_proven) kept_.mismatches.push_back(given.path);
}

void Keeping::note_gone(const std::vector<DirectoryEntry>& listing, const std::string& folder) {
    if (past_.before->entry.rules != companion_.rules) return;
    for (const auto& entry : listing) {
        const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
        if (!paths_.contains(path)) kept_.gone.push_back(path);
    }
}

// Folders are met before what lies in them, so their listing of the last time is there when it is needed.
Result<void> Keeping::find_before() {
    std::map<std::string, std::vector<DirectoryEntry>> listings;
    for (const auto& thing : companion_.things) paths_.insert(thing.path);
    for (std::size_t i = 0; i < companion_.things.size(); ++i) {
        const auto& path = companion_.things[i].path;
        const auto& entry = companion_.things[i].entry;
        auto& thing = things_[i];
        if (path.empty()) {
            if (past_.before && past_.before->entry.type == entry.type) thing.before = past_.before->entry;
        } else if (const auto in = listings.find(repository::folder_of_entry(path)); in != listings.end()) {
            const auto at = std::ranges::lower_bound(in->second, repository::name_of_entry(path), {}, &DirectoryEntry::name);
            if (at != in->second.end() && at->name == repository::name_of_entry(path) && at->type == entry.type) thing.before = *at;
        }
        if (entry.type != EntryType::directory || !thing.before) continue;
        auto listing = writer_->open_before(*thing.before);
        if (listing) note_gone(listings.emplace(path, *std::move(listing)).first->second, path);
        else if (is_gone(listing.error())) thing.before.reset();  // all is named anew
        else return std::move(listing).error();
    }
    return {};
}

void Keeping::take_over() {
    for (std::size_t i = 0; i < companion_.things.size(); ++i) {
        const auto& thing = companion_.things[i];
        if (thing.entry.type != EntryType::file) continue;
        ++kept_.files;
        kept_.bytes += thing.entry.content.size;
        const auto& before = things_[i].before;
        if (thing.is_unchanged && !thing.is_to_be_proven && !past_.everything && before && before->content.size == thing.entry.content.size) things_[i].content = before->content;
    }
}

Result<void> Keeping::train() {
    if (past_.before) return {};
    std::vector<std::size_t> files;
    for (std::size_t i = 0; i < companion_.things.size(); ++i) {
        if (companion_.things[i].entry.type == EntryType::file) files.push_back(i);
    }
    return writer_->train(Sample(companion_, std::move(files)));
}

std::vector<std::size_t> Keeping::files_to_read(Size size) const {
    std::vector<std::size_t> files;
    for (std::size_t i = 0; i < companion_.things.size(); ++i) {
        const auto& entry = companion_.things[i].entry;
        const auto its_size = entry.content.size <= limits::extent_size ? Size::small : Size::large;
        if (entry.type == EntryType::file && !things_[i].content && its_size == size) files.push_back(i);
    }
    return files;
}

Result<std::vector<std::size_t>> Keeping::keep_small(std::vector<std::size_t> files) {
    SmallOnes small(*this, std::move(files));
    TRY(writer_->keep_small(small, watch_));
    return small.grown();
}

Result<std::vector<std::size_t>> Keeping::keep_large(const std::vector<std::size_t>& files) {
    std::vector<std::size_t> shrunk;
    for (const std::size_t file : files) {
        for (int i = 1;; ++i) {
            const auto source = companion_.open(file);
            if (source && (*source)->size() <= limits::extent_size) {
                shrunk.push_back(file);
                break;
            }
            auto why = source ? TRY(keep_large_file(file, **source)) : std::optional(source.error().copy());
            if (!why) break;
            if (why->code() == ErrorCode::busy && i < openings_max) continue;
            take(file, *std::move(why));
            break;
        }
    }
    return shrunk;
}

Result<std::optional<Error>> Keeping::keep_large_file(std::size_t file, const ByteSource& source) {
    std::optional<Error> none;
    const WatchedSource watched(source);
    auto kept = shifts(file) ? keep_shifting(file, watched) : keep_fixed(file, watched);
    std::uint64_t stored = kept ? kept->bytes_stored : 0;
    if (kept && has_shifted(*kept)) {  // stored anew once, so that the next time it need not be
        kept = keep_shifting(file, watched);
        stored += kept ? kept->bytes_stored : 0;
    }
    kept_.bytes_stored += stored;
    if (!kept && !watched.has_failed()) return std::move(kept).error();
    if (!kept) return std::optional(std::move(kept).error());
    if (companion_.things[file].path.empty()) kept_.entry.root_node = std::move(kept->root_node);
    take(file, kept->content);
    return none;
}

// A file that was seen to shift is kept so as long as it is large; one that did not, until it is seen to.
bool Keeping::shifts(std::size_t file) const {
    const auto& path = companion_.things[file].path;
    const auto& before = things_[file].before;
    if (before && before->content.size > limits::extent_size) return before->content.scheme == repository::Scheme::variable;
    return shifts_by_name(path.empty() ? companion_.name : repository::name_of_entry(path));
}

std::string Keeping::like(std::size_t file) const {
    const auto& path = companion_.things[file].path;
    const auto& entry = companion_.things[file].entry;
    return entry.content.size >= worth_a_cache ? past_.lineage + "/" + companion_.name + "/" + path : std::string();
}

std::optional<repository::Before> Keeping::before(std::size_t file) const {
    const auto& before = things_[file].before;
    if (!before || !before->content.root) return std::nullopt;
    repository::Before known{.snapshot = {}, .content = before->content, .root_nodes = {}, .dictionary = {}};
    if (before->root_node) known.root_nodes.push_back(*before->root_node);
    return known;
}

Result<repository::KeptContent> Keeping::keep_fixed(std::size_t file, const ByteSource& source) {
    repository::KeepRequest request{.like = like(file), .before = before(file), .unit = unit, .everything = past_.everything};
    const bool has_cache = !request.like.empty();
    request.root = companion_.things[file].path.empty() ? repository::RootNode::beside : repository::RootNode::packed;
    request.shared = repository::SharedDictionary{writer_->dictionary()};
    auto writer = TRY(session_.keep(std::move(request)));
    TRY(writer.look(source, watch_));
    auto kept = TRY(writer.finish());
    if (has_cache) writer.remember();  // bound to the content: of no use, and no harm, should the backup not be made
    return kept;
}

Result<repository::KeptContent> Keeping::keep_shifting(std::size_t file, const ByteSource& source) {
    repository::VariableRequest request{.like = like(file), .before = before(file), .everything = past_.everything};
    request.root = companion_.things[file].path.empty() ? repository::RootNode::beside : repository::RootNode::packed;
    request.dictionary = writer_->dictionary();
    return TRY(session_.keep_variable(std::move(request), source, watch_)).kept;
}

// From the last thing to the first: what lies in a folder has been met before the folder itself.
Result<DirectoryEntry> Keeping::list() {
    std::map<std::string, std::size_t> folders;
    for (std::size_t i = 0; i < companion_.things.size(); ++i) {
        if (companion_.things[i].entry.type == EntryType::directory) folders.emplace(companion_.things[i].path, i);
    }
    for (std::size_t i = companion_.things.size(); i-- > 0;) {
        const auto& path = companion_.things[i].path;
        DirectoryEntry entry = companion_.things[i].entry;
        auto& thing = things_[i];
        if (entry.type == EntryType::file && !thing.content) continue;
        entry.content = thing.content.value_or(Content{});
        if (entry.type == EntryType::directory) {
            const auto root = path.empty() ? repository::RootNode::beside : repository::RootNode::packed;
            auto kept = TRY(writer_->keep_listing({.entries = thing.entries, .before = thing.before ? &*thing.before : nullptr, .root = root}, {.stop = watch_.stop}));  // how far the files are is told, not the lists of them
            entry.content = kept.content;
            entry.root_node = std::move(kept.root_node);
            thing.entries.clear();
        }
        if (path.empty()) {
            if (entry.type == EntryType::file) entry.root_node = std::move(kept_.entry.root_node);
            entry.name = companion_.name;
            entry.dictionary = writer_->dictionary();
            entry.rules = companion_.rules;
            entry.removed = companion_.removed;
            return entry;
        }
        entry.name = repository::name_of_entry(path);
        const auto folder = folders.find(repository::folder_of_entry(path));
        if (folder == folders.end()) return fail(ErrorCode::bug, "keep {}: nothing tells of the folder of {}", printable(companion_.name), printable(path));
        things_[folder->second].entries.push_back(std::move(entry));
    }
    return fail(ErrorCode::not_found, "keep {}: it could not be read", printable(companion_.name));
}

// A backup before that has gone, or cannot be read, is done without.
Result<void> Keeping::begin() {
    repository::FolderRequest request;
    if (past_.before) request = {.parent = past_.before->snapshot, .before = past_.before->entry};
    auto writer = session_.keep_folder(std::move(request));
    if (!writer && past_.before && is_gone(writer.error())) {
        past_.before.reset();
        writer = session_.keep_folder({});
    }
    writer_ = TRY(std::move(writer));
    return {};
}

Result<KeptCompanion> Keeping::run() {
    HOLDFAST_ASSERT(!companion_.things.empty() && companion_.things.front().path.empty());
    TRY(begin());
    TRY(find_before());
    take_over();
    TRY(train());
    auto small = files_to_read(Size::small), large = files_to_read(Size::large);
    for (int i = 0; i < openings_max && !(small.empty() && large.empty()); ++i) {
        auto grown = TRY(keep_small(std::move(small)));
        large.insert(large.end(), grown.begin(), grown.end());
        small = TRY(keep_large(std::exchange(large, {})));
    }
    for (const std::size_t file : small) take(file, fail(ErrorCode::busy, "it grows and shrinks while it is read"));
    kept_.is_kept = companion_.things.front().entry.type != EntryType::file || things_.front().content.has_value();
    if (!kept_.is_kept) return std::move(kept_);
    kept_.entry = TRY(list());
    kept_.is_same = past_.before && repository::is_same(past_.before->entry, kept_.entry);
    kept_.bytes_stored += writer_->bytes_stored();
    return std::move(kept_);
}

}  // namespace

Result<KeptCompanion> keep_companion(repository::Session& session, CompanionPast past, const CompanionToKeep& companion, const Watch& watch) {
    return Keeping(session, std::move(past), companion, watch).run();
}

}  // namespace holdfast::history
