#include "holdfast/operations/kept_images.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/unlock.h"
#include "holdfast/sqlite/read_ahead_image.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::Snapshot;

bool is_named(const DirectoryEntry& entry, const std::string& name) {
    return entry.name == name || entry.name.ends_with("/" + name);
}

// The shortest end of its path that no other has.
std::string telling_name(const DirectoryEntry& entry, const std::vector<const DirectoryEntry*>& all) {
    for (auto at = entry.name.rfind('/'); at != std::string::npos && at > 0; at = entry.name.rfind('/', at - 1)) {
        std::string name = entry.name.substr(at + 1);
        if (std::ranges::count_if(all, [&](const auto* one) { return is_named(*one, name); }) == 1) return name;
    }
    return entry.name;
}

std::string telling_names(const std::vector<const DirectoryEntry*>& some, const std::vector<const DirectoryEntry*>& all) {
    std::string names;
    for (const auto* entry : some) names += (names.empty() ? "" : ", ") + printable(telling_name(*entry, all));
    return names;
}

Result<const DirectoryEntry*> member_of(const Snapshot& snapshot, const std::string& name) {
    std::vector<const DirectoryEntry*> all, named;
    for (const auto& entry : snapshot.members) {
        if (entry.type != repository::EntryType::database) continue;
        all.push_back(&entry);
        if (is_named(entry, name)) named.push_back(&entry);
    }
    if (all.size() == 1) return all.front();
    if (named.size() == 1) return named.front();
    if (all.empty()) return fail(ErrorCode::not_found, "open backup #{}: it holds no database, but the bytes of a damaged one", snapshot.number.value).with_advice("another backup");
    std::string listed;
    for (const auto* entry : all) listed += (listed.empty() ? "" : ", ") + printable(entry->name);
    return fail(ErrorCode::not_found, "open {} of backup #{}: {} of its databases are called so; it has {}", printable(name), snapshot.number.value, named.size(), listed)
        .with_advice("name one of them: " + telling_names(named.empty() ? all : named, all));
}

Result<void> expect_kept(const KeptImageRequest& request) {
    if (request.snapshot == "live") {
        return fail(ErrorCode::invalid, "open live: only backups are opened so; a file that is read beside SQLite, in one process, would lose the locks that SQLite holds on it")
            .with_advice("attach the database itself, without vfs=holdfast");
    }
    if (!request.snapshot.empty() || !request.at.empty()) return {};
    return fail(ErrorCode::invalid, "open a backup: nothing says which").with_advice("snapshot=NUMBER, snapshot=latest or at=TIME; a file of its own is attached with vfs=unix");
}

}  // namespace

// Bytes that all open images of a process may keep unpacked.
class KeptImages::CacheRoom {
public:
    // 0: too little is left to be worth it.
    std::size_t take() {
        const std::lock_guard lock(mutex_);
        const std::size_t taken = left_ < for_one / 8 ? 0 : std::min(for_one, left_);
        left_ -= taken;
        return taken;
    }
    void give_back(std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        left_ += bytes;
    }

private:
    static constexpr std::size_t for_one = 8 * 1024 * 1024;
    std::mutex mutex_;
    std::size_t left_ = 32 * 1024 * 1024;
};

// A repository open for reading, and what is open in it.
class KeptImages::OpenPlace : public std::enable_shared_from_this<OpenPlace> {
public:
    OpenPlace(std::unique_ptr<OpenRepository> opened, RepositoryRequest request, std::shared_ptr<CacheRoom> room)
        : opened_(std::move(opened)), request_(std::move(request)), room_(std::move(room)) {}
    Result<Found> open(Context& context, const KeptImageRequest& request);
    const repository::Repository& repository() const { return opened_->get(); }
    const RepositoryRequest& request() const { return request_; }

private:
    class Image;
    Result<std::shared_ptr<const KeptImage>> image_of(const Snapshot& snapshot, const DirectoryEntry& member, std::uint64_t cache_mib);

    std::unique_ptr<OpenRepository> opened_;
    RepositoryRequest request_;
    std::shared_ptr<CacheRoom> room_;
    std::mutex mutex_;  // guards the map, and is held while an image is opened: once for all who want it
    std::map<std::pair<std::uint64_t, std::string>, std::weak_ptr<const KeptImage>> images_;
};

class KeptImages::OpenPlace::Image final : public KeptImage {
public:
    Image(std::shared_ptr<OpenPlace> place, const Snapshot& snapshot, std::string path)
        : place_(std::move(place)), number_(snapshot.number), time_(snapshot.time), path_(std::move(path)) {}
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;
    ~Image() override { place_->room_->give_back(room_taken_); }
    // The lease first: from then on nothing that is read goes away. No pool: nothing here starts a thread.
    Result<void> open(const DirectoryEntry& member, std::uint64_t cache_mib) {
        constexpr std::size_t mib = 1024 * 1024;
        lease_ = TRY(place_->repository().lease(number_));
        unpacked_ = TRY(history::open_image(place_->repository(), member));
        if (cache_mib == 0) room_taken_ = place_->room_->take();
        const std::size_t bytes = cache_mib == 0 ? room_taken_ : cache_mib * mib;
        if (bytes > 0) kept_ = sqlite::read_ahead_image(*unpacked_, {.bytes_max = bytes, .pool = nullptr});
        return {};
    }
    const sqlite::Image& image() const override { return kept_ ? *kept_ : *unpacked_; }
    std::uint64_t number() const override { return number_.value; }
    Timestamp time() const override { return time_; }
    const std::string& path() const override { return path_; }
    const RepositoryRequest& repository() const override { return place_->request(); }

private:
    std::shared_ptr<OpenPlace> place_;  // outlives what leans on it
    repository::SnapshotNumber number_;
    Timestamp time_;
    std::string path_;
    std::unique_ptr<repository::Repository::Lease> lease_;
    std::unique_ptr<sqlite::Image> unpacked_;
    std::size_t room_taken_ = 0;
    std::unique_ptr<sqlite::Image> kept_;  // in front of it; null: there was no room
};

Result<std::shared_ptr<const KeptImage>> KeptImages::OpenPlace::image_of(const Snapshot& snapshot, const DirectoryEntry& member, std::uint64_t cache_mib) {
    const std::lock_guard lock(mutex_);
    std::erase_if(images_, [](const auto& entry) { return entry.second.expired(); });
    auto& known = images_[{snapshot.number.value, member.name}];
    if (auto shared = known.lock()) return shared;
    auto image = std::make_shared<Image>(shared_from_this(), snapshot, member.name);
    TRY(image->open(member, cache_mib));
    known = image;
    return std::shared_ptr<const KeptImage>(std::move(image));
}

Result<KeptImages::Found> KeptImages::OpenPlace::open(Context& context, const KeptImageRequest& request) {
    auto selection = TRY(select(context, repository(), {.snapshot = request.snapshot, .at = request.at, .source = request.source}));
    const Snapshot& snapshot = selection.moment.snapshot;
    const auto* member = TRY(member_of(snapshot, request.database));
    Found found{.image = TRY(image_of(snapshot, *member, request.cache_mib)), .warnings = std::move(selection.warnings)};
    if (selection.moment.is_bad()) found.warnings.push_back(format("backup #{} is damaged: holdfast verify {} tells how", snapshot.number.value, snapshot.number.value));
    if (member->database && !member->database->findings.empty()) {
        found.warnings.push_back(format("backup #{} holds {} as it was, damaged: {}", snapshot.number.value, printable(member->name), printable(member->database->findings.front())));
    }
    return found;
}

struct KeptImages::Place {
    std::mutex mutex;  // held while the repository is opened: a password costs time and memory, once
    std::weak_ptr<OpenPlace> opened;
};

KeptImages::KeptImages(const Context& context) : context_(context), room_(std::make_shared<CacheRoom>()) {}
KeptImages::~KeptImages() = default;

std::shared_ptr<KeptImages::Place> KeptImages::place_of(const std::vector<std::string>& key) {
    const std::lock_guard lock(mutex_);
    std::erase_if(places_, [&](const auto& entry) { return entry.first != key && entry.second.use_count() == 1 && entry.second->opened.expired(); });
    auto& place = places_[key];
    if (!place) place = std::make_shared<Place>();
    return place;
}

Result<std::shared_ptr<KeptImages::OpenPlace>> KeptImages::open_place(const RepositoryRequest& asked) {
    Context context = context_;
    auto request = TRY(repository_without_settings(asked));
    request.repository = TRY(host::canonical_or_future(context.host.files, request.repository));
    // Whoever names another secret has to show that it opens the repository.
    const auto secret = TRY(secret_place(request, {}));
    const auto place = place_of({request.repository, secret.key_file, secret.password_file, secret.password_command});
    const std::lock_guard lock(place->mutex);
    if (auto opened = place->opened.lock()) return opened;
    OpenHow how;
    how.without_cache = true;
    auto repository = TRY(open_repository(context, request, how));
    auto opened = std::make_shared<OpenPlace>(std::move(repository), std::move(request), room_);
    place->opened = opened;
    return opened;
}

Result<KeptImages::Found> KeptImages::open(const KeptImageRequest& request) {
    TRY(expect_kept(request));
    Context context = context_;
    return TRY(open_place(request.repository))->open(context, request);
}

Result<RepositoryRequest> repository_without_settings(const RepositoryRequest& request) {
    RepositoryRequest named = request;
    named.repository = named_repository(request);
    if (named.repository.empty()) {
        return fail(ErrorCode::not_found, "which repository: none is named").with_advice("repository=PATH, or set HOLDFAST_REPOSITORY");
    }
    named.settings = {};
    named.settings.loaded = std::make_shared<const LoadedSettings>();
    return named;
}

}  // namespace holdfast::operations
