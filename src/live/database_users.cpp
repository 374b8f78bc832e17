#include "holdfast/live/database_users.h"

#include <algorithm>
#include <array>
#include <span>

#include "holdfast/base/text.h"
#include "holdfast/host/file_locks.h"
#include "holdfast/host/open_descriptors.h"
#include "holdfast/sqlite/wal_readers.h"

namespace holdfast::live {
namespace {

// SQLite's file format: PENDING, RESERVED, and the SHARED range of 510 bytes.
constexpr std::uint64_t first_main_lock = 0x40000000, first_shared_lock = first_main_lock + 2, last_main_lock = first_main_lock + 511;

struct Inodes {
    std::uint64_t main = 0, index = 0;  // 0: there is no such file
    bool has_journal_in_use = false;
};

// From the first write of a transaction to its end the header of its journal has a nonce, sizes and page count, behind a
// magic number that may come later; a journal that stays for the next one (PERSIST, TRUNCATE) is zeros there, or empty.
bool is_journal_in_use(host::FileSystem& files, const std::string& path) {
    constexpr std::size_t magic_size = 12, header_size = 28;
    const auto file = files.open_to_read(path);
    if (!file) return false;
    std::array<std::byte, header_size> head{};
    const auto got = (*file)->read_at(0, head);
    return got && *got == head.size() && std::ranges::any_of(std::span(head).subspan(magic_size), [](std::byte byte) { return byte != std::byte{0}; });
}

std::uint64_t inode_of(host::FileSystem& files, const std::string& path) {
    const auto status = files.status(path);
    return status ? status->inode : 0;
}

bool overlaps(const host::FileLockHeld& lock, std::uint64_t first, std::uint64_t last) { return lock.first <= last && lock.last >= first; }

void look_at_locks(const std::vector<host::FileLockHeld>& locks, const Inodes& inodes, DatabaseUser& user) {
    user.lacks_main_lock = user.lacks_index_lock = user.has_wal_index;
    user.lacks_write_lock = user.has_journal && inodes.has_journal_in_use;
    for (const auto& lock : locks) {
        if (lock.process != user.process) continue;
        if (lock.inode == inodes.main && overlaps(lock, first_shared_lock, last_main_lock)) user.lacks_main_lock = false;
        if (lock.inode == inodes.index && overlaps(lock, sqlite::connected_lock, sqlite::connected_lock)) user.lacks_index_lock = false;
        const bool is_main_write = lock.inode == inodes.main && overlaps(lock, first_main_lock, last_main_lock);
        const bool is_wal_write = lock.inode == inodes.index && overlaps(lock, sqlite::wal_writer_lock, sqlite::wal_writer_lock);
        if (lock.is_write && is_main_write) user.lacks_write_lock = false;
        if (lock.is_write && (is_main_write || is_wal_write)) user.is_writing = true;
    }
}

void add_to(std::vector<DatabaseUser>& users, const host::OpenDescriptor& descriptor, const std::string& path) {
    if (users.empty() || users.back().process != descriptor.process) {
        users.emplace_back();
        users.back().process = descriptor.process;
        users.back().command = descriptor.command;
    }
    DatabaseUser& user = users.back();
    if (descriptor.is_gone) {
        if (std::ranges::find(user.gone, descriptor.path) == user.gone.end()) user.gone.push_back(descriptor.path);
    } else if (descriptor.path == path) {
        ++user.connections;
    } else if (descriptor.path == path + "-shm") {
        user.has_wal_index = true;
    } else if (descriptor.path == path + "-journal") {
        user.has_journal = true;
    }
}

Result<DatabaseUsers> look(host::Host host, const std::string& path) {
    const auto open = TRY(host::descriptors_on(host.files, {path, path + "-wal", path + "-shm", path + "-journal"}));
    DatabaseUsers users{.found = {}, .saw_every_process = open.saw_every_process, .saw_locks = false};
    for (const auto& descriptor : open.found) add_to(users.found, descriptor, path);
    for (auto& user : users.found) {
        const auto parent_of_it = std::ranges::find(open.found, user.process, &host::OpenDescriptor::process)->parent;
        user.is_forked = std::ranges::find(users.found, parent_of_it, &DatabaseUser::process) != users.found.end();
    }
    const auto locks = host::file_locks_held();
    if (!locks) return users;
    users.saw_locks = true;
    const bool has_journal = std::ranges::any_of(users.found, &DatabaseUser::has_journal);
    const Inodes inodes{.main = inode_of(host.files, path), .index = inode_of(host.files, path + "-shm"),
                        .has_journal_in_use = has_journal && is_journal_in_use(host.files, path + "-journal")};
    for (auto& user : users.found) look_at_locks(*locks, inodes, user);
    return users;
}

bool is_suspicious(const DatabaseUser& user) { return user.has_dropped_locks() || user.is_writing || !user.gone.empty(); }

// What does not hold in the other look too was a moment's.
void keep_what_lasts(DatabaseUser& user, const std::vector<DatabaseUser>& again) {
    const auto same = std::ranges::find(again, user.process, &DatabaseUser::process);
    const DatabaseUser seen = same == again.end() ? DatabaseUser{} : *same;
    user.lacks_main_lock = user.lacks_main_lock && seen.lacks_main_lock;
    user.lacks_index_lock = user.lacks_index_lock && seen.lacks_index_lock;
    user.lacks_write_lock = user.lacks_write_lock && seen.lacks_write_lock;
    user.is_writing = user.is_writing && seen.is_writing;
    std::erase_if(user.gone, [&](const std::string& name) { return std::ranges::find(seen.gone, name) == seen.gone.end(); });
}

}  // namespace

Result<DatabaseUsers> users_of(host::Host host, const std::string& path) {
    constexpr int looks = 5;
    constexpr std::int64_t pause_ms = 100;
    auto users = TRY(look(host, path));
    for (int i = 1; i < looks && std::ranges::any_of(users.found, is_suspicious); ++i) {
        host.clock.sleep_ms(pause_ms);
        const auto again = TRY(look(host, path));
        if (!again.saw_locks) users.saw_locks = false;
        for (auto& user : users.found) keep_what_lasts(user, again.found);
    }
    return users;
}

std::string in_words(const DatabaseUser& user) { return format("process {} ({})", user.process, printable(user.command)); }

}  // namespace holdfast::live
