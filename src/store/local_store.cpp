#include "holdfast/store/local_store.h"

#include <mutex>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/store/open_files.h"

namespace holdfast::store {
namespace {

using host::join_path;

// A name that is no file (a folder of other objects, an impossible path) is an object that is not there.
bool says_absent(const Error& error) {
    return error.code() == ErrorCode::not_found || error.code() == ErrorCode::invalid;
}

std::string tmp_folder_of(const std::string& folder) { return join_path(folder, "tmp"); }

class LocalStore final : public ObjectStore {
public:
    LocalStore(host::Host host, std::string folder, LocalStoreOptions options)
        : host_(host),
          files_(host.files),
          folder_(std::move(folder)),
          options_(options),
          writer_(host::this_process().text()),
          open_files_(host.files) {}

    Result<void> put_if_absent(const ObjectName& name, ByteView bytes) override {
        return put(name, bytes, Promise::survives_power_cut);
    }
    Result<void> put_fleeting(const ObjectName& name, ByteView bytes) override {
        return put(name, bytes, Promise::none);
    }
    Result<Bytes> get(const ObjectName& name, std::uint64_t size_max) override;
    Result<void> read(const ObjectName& name, std::uint64_t offset, MutableByteView into) override;
    Result<ObjectStatus> status(const ObjectName& name) override;
    Result<std::vector<ListedObject>> list(std::string_view prefix) override;
    Result<std::vector<ObjectName>> names_in(std::string_view prefix) override;
    Result<void> remove(const ObjectName& name) override { return remove_all({&name, 1}); }
    Result<void> remove_all(std::span<const ObjectName> names) override;
    Result<void> remove_fleeting(const ObjectName& name) override;
    std::string place() const override { return folder_; }

private:
    enum class Promise { survives_power_cut, none };

    std::string path_of(const ObjectName& name) const { return join_path(folder_, name.text()); }
    Error absent(const ObjectName& name) const {
        return fail(ErrorCode::not_found, "no object {} in {}", name.text(), printable(folder_));
    }
    Result<void> put(const ObjectName& name, ByteView bytes, Promise promise);
    Result<std::string> write_aside(ByteView bytes, Promise promise);
    Result<std::unique_ptr<host::File>> create_aside(const std::string& path);
    std::string name_aside() const;
    Result<void> put_in_place(const std::string& aside, const ObjectName& name);
    Result<void> make_folders_of(const ObjectName& name);
    bool is_same_file(const std::string& a, const std::string& b);
    Result<void> make_name_durable(const ObjectName& name);

    host::Host host_;
    host::FileSystem& files_;
    std::string folder_;
    LocalStoreOptions options_;
    const std::string writer_;
    OpenFiles open_files_;

    std::mutex mutex_;  // guards all below
    std::set<std::string> durable_folders_;  // prefix folders whose own names this store has synced
};

// --- putting: aside, bytes synced, linked to the name, name synced ---

Result<void> LocalStore::put(const ObjectName& name, ByteView bytes, Promise promise) {
    const auto there = TRY(host::status_if_any(files_, path_of(name)));
    if (there && there->kind != host::FileKind::regular) {
        return fail(ErrorCode::invalid, "put {} into {}: the name is a folder of objects", name.text(),
                    printable(folder_));
    }
    Result<void> placed = fail(ErrorCode::exists, "put {} into {}: it exists already", name.text(), printable(folder_));
    if (!there) {
        const auto aside = TRY(write_aside(bytes, promise));
        placed = put_in_place(aside, name);
        static_cast<void>(files_.remove(aside));  // gone already after a rename; else sweep_leftovers() finds it
    }
    // After `exists` the caller leans on the other's object: its name must last as well.
    const bool is_there = placed || placed.error().code() == ErrorCode::exists;
    if (is_there && promise == Promise::survives_power_cut) TRY(make_name_durable(name));
    return placed;
}

Result<std::string> LocalStore::write_aside(ByteView bytes, Promise promise) {
    const std::string path = name_aside();
    const auto file = TRY(create_aside(path));
    auto written = file->write_at(0, bytes);
    if (written && promise == Promise::survives_power_cut) written = file->sync();
    if (written) return path;
    static_cast<void>(files_.remove(path));
    return std::move(written).error();
}

Result<std::unique_ptr<host::File>> LocalStore::create_aside(const std::string& path) {
    auto file = files_.create(path, options_.file_mode);
    if (file || file.error().code() != ErrorCode::not_found) return file;
    auto made = files_.make_folder(tmp_folder_of(folder_), options_.folder_mode);
    if (!made && made.error().code() != ErrorCode::exists) return std::move(made).error();
    return files_.create(path, options_.file_mode);
}

// "tmp/<process identity>.<random>": so that a later process can tell whether the writer still lives.
std::string LocalStore::name_aside() const {
    return join_path(tmp_folder_of(folder_), format("{}.{:016x}", writer_, host::random_u64(host_.random)));
}

Result<void> LocalStore::put_in_place(const std::string& aside, const ObjectName& name) {
    const std::string path = path_of(name);
    auto linked = files_.link(aside, path);
    if (!linked && linked.error().code() == ErrorCode::not_found) {
        TRY(make_folders_of(name));
        linked = files_.link(aside, path);
    }
    if (!linked && linked.error().code() == ErrorCode::unavailable) linked = files_.rename_if_absent(aside, path);
    if (linked) return {};
    // A network file system may have done it, lost its answer, and refused its own repetition.
    if (is_same_file(aside, path)) return {};
    return linked;
}

Result<void> LocalStore::make_folders_of(const ObjectName& name) {
    const std::string& text = name.text();
    for (auto slash = text.find('/'); slash != std::string::npos; slash = text.find('/', slash + 1)) {
        auto made = files_.make_folder(join_path(folder_, text.substr(0, slash)), options_.folder_mode);
        if (!made && made.error().code() != ErrorCode::exists) return made;
    }
    return {};
}

bool LocalStore::is_same_file(const std::string& a, const std::string& b) {
    const auto of_a = files_.status(a), of_b = files_.status(b);
    return of_a && of_b && of_a->device == of_b->device && of_a->inode == of_b->inode;
}

// A folder that is there may have been made a moment ago, by a thread or process that has not synced it yet or never
// will: so each store syncs the whole way down once, whoever made it.
Result<void> LocalStore::make_name_durable(const ObjectName& name) {
    std::string at = host::folder_of(path_of(name));
    TRY(files_.sync_folder(at));
    std::vector<std::string> synced;
    for (; at != folder_; at = host::folder_of(at)) {
        {
            const std::lock_guard lock(mutex_);
            if (durable_folders_.contains(at)) break;
        }
        TRY(files_.sync_folder(host::folder_of(at)));
        synced.push_back(at);
    }
    const std::lock_guard lock(mutex_);
    durable_folders_.insert(synced.begin(), synced.end());
    return {};
}

// --- reading ---

Result<Bytes> LocalStore::get(const ObjectName& name, std::uint64_t size_max) {
    auto bytes = host::read_file(files_, path_of(name), size_max);
    if (!bytes && says_absent(bytes.error())) return absent(name);
    return bytes;
}

Result<void> LocalStore::read(const ObjectName& name, std::uint64_t offset, MutableByteView into) {
    auto file = open_files_.open(path_of(name));
    if (!file) return says_absent(file.error()) ? absent(name) : std::move(file).error();
    const auto got = TRY((*file)->read_at(offset, into));
    if (got == into.size()) return {};
    return fail(ErrorCode::corrupt, "read {} in {}: it ends at byte {}, before byte {}", name.text(),
                printable(folder_), offset + got, offset + into.size());
}

Result<ObjectStatus> LocalStore::status(const ObjectName& name) {
    const auto there = TRY(host::status_if_any(files_, path_of(name)));
    if (!there || there->kind != host::FileKind::regular) return absent(name);
    return ObjectStatus{there->size, there->modified};
}

Result<std::vector<ListedObject>> LocalStore::list(std::string_view prefix) {
    if (!prefix.empty()) TRY(ObjectName::parse(prefix));
    std::vector<ListedObject> objects;
    std::vector<std::string> folders = {std::string(prefix)};
    while (!folders.empty()) {
        const std::string folder = std::move(folders.back());
        folders.pop_back();
        auto names = files_.list(join_path(folder_, folder));
        if (!names && says_absent(names.error())) continue;
        if (!names) return std::move(names).error();
        for (const auto& entry : *names) {
            auto name = ObjectName::parse(join_path(folder, entry));
            if (!name) continue;  // tmp, and what people put there
            const auto status = files_.status_of_link(path_of(*name));
            if (!status && status.error().code() != ErrorCode::not_found) return status.error().copy();
            if (!status) continue;
            if (status->kind == host::FileKind::folder) folders.push_back(name->text());
            if (status->kind == host::FileKind::regular) objects.push_back({std::move(*name), status->size});
        }
    }
    return objects;
}

Result<std::vector<ObjectName>> LocalStore::names_in(std::string_view prefix) {
    TRY(ObjectName::parse(prefix));
    auto entries = files_.list(join_path(folder_, prefix));
    if (!entries && says_absent(entries.error())) return std::vector<ObjectName>{};
    if (!entries) return std::move(entries).error();
    std::vector<ObjectName> names;
    names.reserve(entries->size());
    for (const auto& entry : *entries) {
        auto name = ObjectName::parse(join_path(prefix, entry));
        if (name) names.push_back(*std::move(name));
    }
    return names;
}

// --- removing ---

Result<void> LocalStore::remove_all(std::span<const ObjectName> names) {
    std::set<std::string> folders;
    for (const auto& name : names) {
        const std::string path = path_of(name);
        auto removed = files_.remove(path);
        open_files_.forget(path);
        if (!removed && !says_absent(removed.error())) return removed;
        folders.insert(host::folder_of(path));
    }
    for (const auto& folder : folders) {
        auto synced = files_.sync_folder(folder);
        if (!synced && !says_absent(synced.error())) return synced;
    }
    return {};
}

Result<void> LocalStore::remove_fleeting(const ObjectName& name) {
    const std::string path = path_of(name);
    auto removed = files_.remove(path);
    open_files_.forget(path);
    return removed || says_absent(removed.error()) ? Result<void>() : std::move(removed);
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_local_store(host::Host host, std::string folder, LocalStoreOptions options) {
    const auto status = TRY(host.files.status(folder));
    if (status.kind != host::FileKind::folder) {
        return fail(ErrorCode::invalid, "open the store {}: it is not a folder", printable(folder));
    }
    auto canonical = TRY(host.files.canonical(folder));  // so that a change of the working folder changes nothing
    return std::unique_ptr<ObjectStore>(std::make_unique<LocalStore>(host, std::move(canonical), options));
}

Result<void> create_local_folder(host::Host host, const std::string& folder, LocalStoreOptions options) {
    TRY(host::make_folders_durably(host.files, folder, options.folder_mode));
    if (!TRY(host.files.list(folder)).empty()) {
        return fail(ErrorCode::exists, "make the store {}: the folder is not empty", printable(folder));
    }
    auto set = host.files.set_mode(folder, options.folder_mode);  // one that was there, empty
    if (!set && set.error().code() == ErrorCode::denied) return {};  // a mount point, or no modes on that file system
    return set;
}

Result<SweptLeftovers> sweep_leftovers(host::Host host, const std::string& folder, const IsAlive& is_alive) {
    const auto tmp = tmp_folder_of(folder);
    auto names = host.files.list(tmp);
    if (!names && names.error().code() == ErrorCode::not_found) return SweptLeftovers{};
    if (!names) return std::move(names).error();
    SweptLeftovers swept;
    for (const auto& name : *names) {
        const auto writer = host::ProcessIdentity::parse(std::string_view(name).substr(0, name.rfind('.')));
        const bool is_left = writer && is_alive(*writer) == host::Alive::no;
        auto removed = is_left ? host.files.remove(join_path(tmp, name)) : Result<void>();
        if (!removed && removed.error().code() != ErrorCode::not_found) return std::move(removed).error();
        ++(is_left ? swept.removed : swept.kept);
    }
    return swept;
}

}  // namespace holdfast::store
