#include "holdfast/live/walk_companion.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/live/file_swap.h"
#include "holdfast/live/sqlite_role.h"

namespace holdfast::live {
namespace {

using Verdict = PathPatterns::Verdict;

constexpr std::string_view cache_tag = "CACHEDIR.TAG";
constexpr std::string_view cache_signature = "Signature: 8a477f597d28d172789f06886806bc55";  // bford.info/cachedir

// What systems and interpreters leave in folders, and make again.
Result<PathPatterns> litter() {
    static const std::vector<std::string> patterns{".DS_Store", "[Tt]humbs.db", "[Dd]esktop.ini", "__pycache__/"};
    return PathPatterns::parse(patterns);
}

std::string below(const std::string& folder, const std::string& name) { return folder.empty() ? name : folder + "/" + name; }

bool is_same_thing(const host::FileStatus& a, const host::FileStatus& b) {
    return a.kind == b.kind && a.device == b.device && a.inode == b.inode;
}

class Walk {
public:
    Walk(host::FileSystem& files, const CompanionOrder& order, const Watch& watch, PathPatterns litter)
        : files_(files), order_(order), watch_(watch), litter_(std::move(litter)), never_(order.never.begin(), order.never.end()) {}

    Result<CompanionLook> run() {
        const auto status = files_.status_of_link(order_.root);
        if (!status && status.error().code() == ErrorCode::not_found) return std::move(look_);
        if (!status) return status.error().copy();
        look_.is_there = true;
        TRY(take_root(*status));
        while (!open_.empty()) TRY(take_next());
        return std::move(look_);
    }

private:
    // A folder that the walk is in.
    struct OpenFolder {
        CompanionThing thing;
        ListedFolder listed;
        std::size_t next = 0;      // of listed.names
        bool is_included = true;   // with all below it, but for what a pattern takes back
        bool is_told = false;      // it stands among the things
    };
    struct Seen {
        std::string path;
        host::FileStatus status;
    };

    Result<void> take_root(const host::FileStatus& status) {
        const Seen root{.path = "", .status = status};
        if (lies_in_never(order_.root)) return leave_out(root.path, WhyLeftOut::own, "it lies in what holdfast keeps itself");
        if (status.kind == host::FileKind::folder) {
            TRY(enter(root, is_root_included()));
            if (!open_.empty()) tell_open_folders();
            return {};
        }
        return take_leaf(root, beside_root());
    }

    bool is_root_included() const {
        bool is_included = order_.include.empty();
        for (std::size_t end = 0; !order_.within.empty() && end != std::string::npos && !order_.include.empty();) {
            end = order_.within.find('/', end + 1);
            const auto verdict = order_.include.judge(order_.within.substr(0, end), host::FileKind::folder);
            if (verdict != Verdict::none) is_included = verdict == Verdict::matches;
        }
        return is_included;
    }

    // The names that tell what a file is; the rest of the folder is not the companion's.
    ListedFolder beside_root() {
        ListedFolder beside{.path = host::folder_of(order_.root), .names = {}, .is_known_database = known_databases()};
        const std::string name = host::file_name_of(order_.root);
        std::vector<std::string> wanted{name};
        for (const std::string_view ending : {"-wal", "-shm", "-journal"}) {
            wanted.push_back(name + std::string(ending));
            if (name.ends_with(ending)) wanted.push_back(name.substr(0, name.size() - ending.size()));
        }
        std::ranges::copy_if(wanted, std::back_inserter(beside.names), [&](const std::string& each) { return files_.status_of_link(host::join_path(beside.path, each)).ok(); });
        std::ranges::sort(beside.names);
        return beside;
    }

    Result<void> take_next() {
        constexpr std::uint64_t things_between_looks = 1024;
        OpenFolder& folder = open_.back();
        if (folder.next == folder.listed.names.size()) {
            open_.pop_back();
            return {};
        }
        if (++seen_ % things_between_looks == 0) {
            TRY(watch_.go_on());
            watch_.at({.phase = "looking", .done = seen_, .total = 0, .unit = "files"});
        }
        const std::string& name = folder.listed.names[folder.next++];
        Seen seen{.path = below(folder.thing.path, name), .status = {}};
        const auto status = files_.status_of_link(absolute(seen.path));
        if (!status) return is_excluded(seen) ? Result<void>() : leave_out_unseen(seen.path, status.error());
        seen.status = *status;
        if (is_excluded(seen)) return exclude(seen.path);
        const bool is_included = includes(folder, seen);
        if (never_.contains(absolute(seen.path))) return leave_out(seen.path, WhyLeftOut::own, "it is kept by holdfast in another way, or is its own");
        if (seen.status.kind == host::FileKind::folder && is_restore_folder(name)) return leave_out(seen.path, WhyLeftOut::own, "a restore works in it");
        if (seen.status.kind == host::FileKind::folder) return enter(seen, is_included);
        return is_included ? take_leaf(seen, folder.listed) : Result<void>();
    }

    bool is_excluded(const Seen& seen) const {
        const auto verdict = order_.exclude.judge(for_patterns(seen.path), seen.status.kind);
        return verdict == Verdict::matches || (verdict == Verdict::none && litter_.judge(seen.path, seen.status.kind) == Verdict::matches);
    }

    bool includes(const OpenFolder& folder, const Seen& seen) const {
        if (order_.include.empty()) return true;
        const auto verdict = order_.include.judge(for_patterns(seen.path), seen.status.kind);
        return verdict == Verdict::matches || (verdict == Verdict::none && folder.is_included);
    }

    // --- folders ---

    Result<void> enter(const Seen& seen, bool is_included) {
        const std::string path = absolute(seen.path);
        auto names = files_.list(path);
        if (!names) return leave_out_unseen(seen.path, names.error());
        // list() follows a link that was put there since.
        const auto after = files_.status_of_link(path);
        if (!after) return leave_out_unseen(seen.path, after.error());
        if (!is_same_thing(*after, seen.status)) return leave_out(seen.path, WhyLeftOut::unreadable, "another thing was put in its place while it was listed");
        const auto own = is_own(path);
        if (!own) return leave_out_unseen(seen.path, own.error());
        if (*own) return leave_out(seen.path, WhyLeftOut::own, "it is a repository of holdfast");
        if (open_.size() == limits::folder_depth_max) {
            return leave_out(seen.path, WhyLeftOut::unreadable, format("it lies in {} folders, one in the other, which is the most", limits::folder_depth_max));
        }
        const auto is_cache = is_tagged_as_cache(seen, *names);
        if (!is_cache) return leave_out_unseen(below(seen.path, std::string(cache_tag)), is_cache.error());
        if (*is_cache) {
            for (const auto& name : *names) {
                if (name != cache_tag) TRY(exclude(below(seen.path, name)));
            }
            *names = {std::string(cache_tag)};
        }
        std::ranges::sort(*names);
        open_.push_back({.thing = {.path = seen.path, .status = seen.status, .link_target = {}},
                         .listed = {.path = path, .names = std::move(*names), .is_known_database = known_databases()},
                         .next = 0,
                         .is_included = is_included,
                         .is_told = false});
        if (is_included) tell_open_folders();
        return {};
    }

    Result<bool> is_own(const std::string& folder) const { return order_.is_own ? order_.is_own(folder) : Result<bool>(false); }

    Result<bool> is_tagged_as_cache(const Seen& folder, const std::vector<std::string>& names) const {
        if (folder.path.empty() || std::ranges::find(names, cache_tag) == names.end()) return false;
        if (order_.exclude.judge(for_patterns(folder.path), folder.status.kind) == Verdict::taken_back) return false;
        const auto file = files_.open_to_read_unfollowed(host::join_path(absolute(folder.path), cache_tag));
        if (!file && (file.error().code() == ErrorCode::invalid || file.error().code() == ErrorCode::not_found)) return false;
        if (!file) return file.error().copy();
        std::array<std::byte, cache_signature.size()> first{};
        TRY((*file)->read_at(0, first));
        return text_of(first) == cache_signature;
    }

    // Those that only now turn out to hold something.
    void tell_open_folders() {
        auto first = open_.end();
        while (first != open_.begin() && !(first - 1)->is_told) --first;
        for (auto folder = first; folder != open_.end(); ++folder) {
            look_.things.push_back(folder->thing);
            folder->is_told = true;
        }
    }

    // --- what is no folder ---

    Result<void> take_leaf(const Seen& seen, const ListedFolder& beside) {
        if (seen.status.kind == host::FileKind::other) return leave_out(seen.path, WhyLeftOut::special, "it is a socket, a pipe or a device");
        if (seen.status.kind == host::FileKind::regular) return take_file(seen, beside);
        const auto target = files_.read_link(absolute(seen.path));
        if (!target) return leave_out_unseen(seen.path, target.error());
        return take({.path = seen.path, .status = seen.status, .link_target = *target});
    }

    Result<void> take_file(const Seen& seen, const ListedFolder& beside) {
        const std::string path = absolute(seen.path);
        const auto role = sqlite_role_of(files_, beside, host::file_name_of(path), seen.status.size);
        if (!role) return leave_out_unseen(seen.path, role.error());
        if (*role == SqliteRole::sidecar) return leave_out(seen.path, WhyLeftOut::sidecar, "it is what SQLite keeps beside a database");
        if (*role == SqliteRole::database) {
            look_.databases.push_back(path);
            return leave_out(seen.path, WhyLeftOut::database, "it is a SQLite database, and a plain copy of it would be no backup");
        }
        if (const auto readable = files_.expect_readable(path); !readable) return leave_out_unseen(seen.path, readable.error());
        return take({.path = seen.path, .status = seen.status, .link_target = {}});
    }

    Result<void> take(CompanionThing thing) {
        tell_open_folders();
        look_.things.push_back(std::move(thing));
        return {};
    }

    // --- what is left out ---

    Result<void> leave_out(const std::string& path, WhyLeftOut why, std::string reason) {
        look_.left_out.push_back({.path = path, .why = why, .reason = std::move(reason)});
        return {};
    }
    Result<void> exclude(std::string path) {
        if (order_.tells_excluded) look_.excluded.push_back(std::move(path));
        return {};
    }
    Result<void> leave_out_unseen(const std::string& path, const Error& error) {
        if (error.code() == ErrorCode::not_found) return {};  // it vanished
        return leave_out(path, WhyLeftOut::unreadable, error.message());
    }

    std::string for_patterns(const std::string& path) const { return order_.within.empty() ? path : below(order_.within, path); }
    std::string absolute(const std::string& path) const {
        if (path.empty()) return order_.root;
        return order_.root == "/" ? order_.root + path : order_.root + "/" + path;
    }
    bool lies_in_never(const std::string& path) const {
        for (std::string folder = path;; folder = host::folder_of(folder)) {
            if (never_.contains(folder)) return true;
            if (folder == "/" || folder == ".") return false;
        }
    }
    std::function<bool(const std::string&)> known_databases() const {
        return [this](const std::string& path) { return never_.contains(path); };
    }

    host::FileSystem& files_;
    const CompanionOrder& order_;
    const Watch& watch_;
    PathPatterns litter_;
    std::unordered_set<std::string> never_;
    CompanionLook look_;
    std::vector<OpenFolder> open_;
    std::uint64_t seen_ = 0;
};

}  // namespace

Result<CompanionLook> walk_companion(host::FileSystem& files, const CompanionOrder& order, const Watch& watch) {
    return Walk(files, order, watch, TRY(litter())).run();
}

}  // namespace holdfast::live
