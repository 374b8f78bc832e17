#include "support/simulated_machine.h"

#include <deque>

#include "holdfast/base/text.h"
#include "support/simulated_state.h"

namespace holdfast::tests {
namespace simulated {
namespace {

class SimulatedLock final : public host::FileLock {
public:
    SimulatedLock(MachineState& machine, NodePointer node)
        : machine_(machine), node_(std::move(node)), boot_(machine.boots) {}
    ~SimulatedLock() override {
        const std::lock_guard lock(machine_.mutex);
        if (boot_ == machine_.boots) machine_.locked.erase(node_.get());
    }

private:
    MachineState& machine_;
    NodePointer node_;
    std::uint64_t boot_;
};

bool is_folder(const NodePointer& node) { return node->status.kind == host::FileKind::folder; }
bool is_link(const NodePointer& node) { return node && node->status.kind == host::FileKind::link; }

Error wrong(ErrorCode code, const Step& step, std::string_view reason) {
    return fail(code, "{} {}: {}", step.doing, printable(step.path), reason);
}

}  // namespace

class Files final : public host::FileSystem {
public:
    explicit Files(MachineState& machine) : machine_(machine) {}

    Result<std::unique_ptr<host::File>> open_to_read(const std::string& path) override {
        return open({"open", path}, {});
    }
    Result<std::unique_ptr<host::File>> open_to_read_unfollowed(const std::string& path) override {
        return open({"open", path}, {.last = LastPart::itself});
    }
    Result<std::unique_ptr<host::File>> open_to_write(const std::string& path) override {
        return open({"open to write", path}, {.may_write = true});
    }
    Result<std::unique_ptr<host::File>> create(const std::string& path, std::uint32_t mode) override;
    Result<host::ClonedFile> clone_unfollowed(const std::string& path) override { return wrong(ErrorCode::unavailable, {"clone", path}, "no such step here"); }
    Result<void> link(const std::string& existing, const std::string& name) override;
    Result<void> make_link(const std::string& target, const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override { return move(from, to, true); }
    Result<void> rename_if_absent(const std::string& from, const std::string& to) override {
        return move(from, to, false);
    }
    Result<void> remove(const std::string& path) override;
    Result<void> make_folder(const std::string& path, std::uint32_t mode) override;
    Result<void> remove_folder(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& folder) override;
    Result<host::FileStatus> status(const std::string& path) override { return look_at(path, LastPart::followed); }
    Result<host::FileStatus> status_of_link(const std::string& path) override { return look_at(path, LastPart::itself); }
    Result<std::string> canonical(const std::string& path) override;
    Result<std::string> read_link(const std::string& path) override;
    Result<void> sync_folder(const std::string& path) override;
    Result<void> sync_file_system(const std::string& path) override;
    Result<void> set_mode(const std::string& path, std::uint32_t mode) override;
    Result<void> set_owner(const std::string& path, std::uint32_t owner, std::uint32_t group) override;
    Result<void> set_modified(const std::string& path, Timestamp time) override;
    Result<void> expect_readable(const std::string&) override { return {}; }
    Result<void> expect_writable(const std::string&) override { return {}; }
    Result<std::uint64_t> free_bytes(const std::string& path) override;
    Result<std::unique_ptr<host::FileLock>> try_lock(const std::string& path) override;

private:
    // Where a name is or would be.
    struct Place {
        NodePointer folder;
        std::string name;
        NodePointer holder() const {
            const auto at = folder->folder.now().find(name);
            return at == folder->folder.now().end() ? nullptr : at->second;
        }
    };
    enum class LastPart { followed, itself };  // when it is a link
    struct HowToOpen {
        LastPart last = LastPart::followed;
        bool may_write = false;
    };
    // From the root down to a node, the root left out.
    struct Way {
        std::vector<std::pair<std::string, NodePointer>> parts;
    };
    static std::deque<std::string> parts_of(const std::string& path);
    Result<Way> walk(const Step& step, std::deque<std::string> parts, LastPart last) const;
    NodePointer end_of(const Way& way) const { return way.parts.empty() ? machine_.root : way.parts.back().second; }
    Result<NodePointer> find(const Step& step, LastPart last = LastPart::followed) const { return end_of(TRY(walk(step, parts_of(step.path), last))); }
    Result<host::FileStatus> look_at(const std::string& path, LastPart last);
    Result<Place> place_of(const Step& step) const;
    Result<NodePointer> existing(const Step& step, const Place& place) const;
    Result<std::unique_ptr<host::File>> open(const Step& step, const HowToOpen& how);
    Result<void> move(const std::string& from, const std::string& to, bool may_replace);
    void change(const Place& place, const NodePointer& holder);
    Result<void> change_status(const Step& step, LastPart last, const std::function<void(host::FileStatus&)>& change);

    MachineState& machine_;
};

// --- names to nodes; the mutex is held ---

std::deque<std::string> Files::parts_of(const std::string& path) {
    std::deque<std::string> parts;
    for (auto& part : split(path, '/')) {
        if (!part.empty() && part != ".") parts.push_back(std::move(part));
    }
    return parts;
}

Result<Files::Way> Files::walk(const Step& step, std::deque<std::string> parts, LastPart last) const {
    constexpr int links_max = 40;
    TRY(machine_.need_power(step));
    Way way;
    for (int links = 0; !parts.empty();) {
        const std::string part = std::move(parts.front());
        parts.pop_front();
        if (part == "..") {
            if (!way.parts.empty()) way.parts.pop_back();
            continue;
        }
        const auto& names = end_of(way)->folder.now();
        const auto at = names.find(part);
        if (at == names.end()) return wrong(ErrorCode::not_found, step, "no such file or folder");
        if (!is_link(at->second) || (parts.empty() && last == LastPart::itself)) {
            way.parts.emplace_back(part, at->second);
            continue;
        }
        if (++links > links_max) return wrong(ErrorCode::invalid, step, "too many links in the path");
        if (at->second->target.starts_with('/')) way.parts.clear();
        const auto target = parts_of(at->second->target);
        parts.insert(parts.begin(), target.begin(), target.end());
    }
    return way;
}

Result<Files::Place> Files::place_of(const Step& step) const {
    auto parts = parts_of(step.path);
    if (parts.empty()) return wrong(ErrorCode::invalid, step, "it is the root");
    std::string name = std::move(parts.back());
    parts.pop_back();
    if (name == "..") return wrong(ErrorCode::invalid, step, "it names no thing of its own");
    auto folder = end_of(TRY(walk(step, std::move(parts), LastPart::followed)));
    if (!is_folder(folder)) return wrong(ErrorCode::not_found, step, "a part of the path is not a folder");
    return Place{std::move(folder), std::move(name)};
}

Result<NodePointer> Files::existing(const Step& step, const Place& place) const {
    auto holder = place.holder();
    if (!holder) return wrong(ErrorCode::not_found, step, "no such file or folder");
    return holder;
}

void Files::change(const Place& place, const NodePointer& holder) {
    place.folder->folder.change({machine_.steps, {{place.name, holder}}});
    place.folder->status.modified = place.folder->status.changed = machine_.time();
}

// --- files ---

Result<std::unique_ptr<host::File>> Files::open(const Step& step, const HowToOpen& how) {
    const std::lock_guard lock(machine_.mutex);
    auto node = TRY(find(step, how.last));
    if (is_folder(node)) return wrong(ErrorCode::invalid, step, "it is a folder");
    if (is_link(node)) return wrong(ErrorCode::invalid, step, "it is a link");
    if (how.may_write && machine_.read_only) return wrong(ErrorCode::denied, step, "the file system is read-only");
    return std::unique_ptr<host::File>(
        std::make_unique<SimulatedFile>(machine_, SimulatedFile::Opened{std::move(node), step.path, how.may_write}));
}

Result<std::unique_ptr<host::File>> Files::create(const std::string& path, std::uint32_t mode) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"create", path};
    NodePointer node;
    TRY(machine_.take(step, [&]() -> Result<void> {
        const auto place = TRY(place_of(step));
        if (place.holder()) return wrong(ErrorCode::exists, step, "it exists already");
        node = machine_.make_node(host::FileKind::regular, mode);
        change(place, node);
        return {};
    }));
    return std::unique_ptr<host::File>(
        std::make_unique<SimulatedFile>(machine_, SimulatedFile::Opened{std::move(node), path, true}));
}

Result<std::unique_ptr<host::FileLock>> Files::try_lock(const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"lock", path};
    TRY(machine_.need_power(step));
    const auto place = TRY(place_of(step));
    if (!place.holder()) {
        TRY(machine_.take(step, [&]() -> Result<void> {
            change(place, machine_.make_node(host::FileKind::regular, 0600));
            return {};
        }));
    }
    if (is_link(place.holder())) return wrong(ErrorCode::invalid, step, "it is a link");
    if (!machine_.locked.insert(place.holder().get()).second) {
        return wrong(ErrorCode::busy, step, "another process holds it");
    }
    return std::unique_ptr<host::FileLock>(std::make_unique<SimulatedLock>(machine_, place.holder()));
}

// --- names ---

Result<void> Files::link(const std::string& existing_path, const std::string& name) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"link", name};
    return machine_.take(step, [&]() -> Result<void> {
        const auto node = TRY(find({"link", existing_path}, LastPart::itself));
        const auto place = TRY(place_of(step));
        if (is_folder(node)) return wrong(ErrorCode::denied, step, "a folder cannot be linked");
        if (place.holder()) return wrong(ErrorCode::exists, step, "it exists already");
        if (!machine_.hard_links) return wrong(ErrorCode::unavailable, step, "the file system gives no hard link");
        change(place, node);
        return {};
    });
}

Result<void> Files::make_link(const std::string& target, const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"make link", path};
    return machine_.take(step, [&]() -> Result<void> {
        const auto place = TRY(place_of(step));
        if (target.empty()) return wrong(ErrorCode::not_found, step, "no such file or folder");
        if (place.holder()) return wrong(ErrorCode::exists, step, "it exists already");
        const auto node = machine_.make_node(host::FileKind::link, 0777);
        node->target = target;
        change(place, node);
        return {};
    });
}

Result<void> Files::move(const std::string& from, const std::string& to, bool may_replace) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"rename to", to};
    return machine_.take(step, [&]() -> Result<void> {
        const auto source = TRY(place_of({"rename", from})), target = TRY(place_of(step));
        const auto node = TRY(existing({"rename", from}, source));
        const auto replaced = target.holder();
        if (replaced && !may_replace) return wrong(ErrorCode::exists, step, "it exists already");
        if (replaced == node) return {};  // as rename(2): two names of one file both stay
        if (replaced && (is_folder(replaced) || is_folder(node))) {
            return wrong(ErrorCode::invalid, step, "a folder is in the way");
        }
        if (source.folder == target.folder) {
            source.folder->folder.change({machine_.steps, {{source.name, nullptr}, {target.name, node}}});
            return {};
        }
        // A folder could be found under both names after a cut, or under none.
        if (is_folder(node)) return wrong(ErrorCode::invalid, step, "folders are not moved between folders here");
        change(source, nullptr);
        change(target, node);
        return {};
    });
}

Result<void> Files::remove(const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"remove", path};
    return machine_.take(step, [&]() -> Result<void> {
        const auto place = TRY(place_of(step));
        if (is_folder(TRY(existing(step, place)))) return wrong(ErrorCode::invalid, step, "it is a folder");
        change(place, nullptr);
        return {};
    });
}

Result<void> Files::make_folder(const std::string& path, std::uint32_t mode) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"make folder", path};
    return machine_.take(step, [&]() -> Result<void> {
        const auto place = TRY(place_of(step));
        if (place.holder()) return wrong(ErrorCode::exists, step, "it exists already");
        change(place, machine_.make_node(host::FileKind::folder, mode));
        return {};
    });
}

Result<void> Files::remove_folder(const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"remove folder", path};
    return machine_.take(step, [&]() -> Result<void> {
        const auto place = TRY(place_of(step));
        const auto node = TRY(existing(step, place));
        if (!is_folder(node)) return wrong(ErrorCode::not_found, step, "it is not a folder");
        if (!node->folder.now().empty()) return wrong(ErrorCode::exists, step, "the folder is not empty");
        change(place, nullptr);
        return {};
    });
}

Result<void> Files::sync_folder(const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"sync folder", path};
    const auto node = TRY(find(step));
    if (!is_folder(node)) return wrong(ErrorCode::not_found, step, "it is not a folder");
    auto verdict = machine_.begin(step);
    if (verdict.error) return machine_.end(std::move(verdict));
    node->folder.sync();
    return {};
}

Result<void> Files::sync_file_system(const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    const Step step{"sync the file system of", path};
    if (!is_folder(TRY(find(step)))) return wrong(ErrorCode::not_found, step, "it is not a folder");
    auto verdict = machine_.begin(step);
    if (verdict.error) return machine_.end(std::move(verdict));
    std::vector<NodePointer> open{machine_.root};
    while (!open.empty()) {
        const auto node = open.back();
        open.pop_back();
        node->content.sync();
        node->folder.sync();
        for (const auto& [name, below] : node->folder.now()) open.push_back(below);
    }
    return {};
}

// --- looking ---

Result<std::vector<std::string>> Files::list(const std::string& folder) {
    const std::lock_guard lock(machine_.mutex);
    const auto node = TRY(find({"list", folder}));
    if (!is_folder(node)) return wrong(ErrorCode::not_found, {"list", folder}, "it is not a folder");
    std::vector<std::string> names;
    for (const auto& [name, child] : node->folder.now()) names.push_back(name);
    return names;
}

Result<host::FileStatus> Files::look_at(const std::string& path, LastPart last) {
    const std::lock_guard lock(machine_.mutex);
    return TRY(find({"look at", path}, last))->status_now();
}

Result<std::string> Files::canonical(const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    const auto way = TRY(walk({"resolve", path}, parts_of(path), LastPart::followed));
    std::string resolved;
    for (const auto& [name, node] : way.parts) resolved.append("/").append(name);
    return resolved.empty() ? "/" : resolved;
}

Result<std::string> Files::read_link(const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    const auto node = TRY(find({"read link", path}, LastPart::itself));
    if (!is_link(node)) return wrong(ErrorCode::invalid, {"read link", path}, "it is not a link");
    return node->target;
}

Result<std::uint64_t> Files::free_bytes(const std::string& path) {
    const std::lock_guard lock(machine_.mutex);
    TRY(find({"look at the file system of", path}));
    return machine_.room();
}

Result<void> Files::change_status(const Step& step, LastPart last, const std::function<void(host::FileStatus&)>& change) {
    const std::lock_guard lock(machine_.mutex);
    return machine_.take(step, [&]() -> Result<void> {
        const auto node = TRY(find(step, last));
        change(node->status);
        node->status.changed = machine_.time();
        return {};
    });
}

Result<void> Files::set_mode(const std::string& path, std::uint32_t mode) {
    return change_status({"set the mode of", path}, LastPart::followed, [&](host::FileStatus& status) { status.mode = mode; });
}

Result<void> Files::set_owner(const std::string& path, std::uint32_t owner, std::uint32_t group) {
    return change_status({"set the owner of", path}, LastPart::itself, [&](host::FileStatus& status) { status.owner = owner, status.group = group; });
}

Result<void> Files::set_modified(const std::string& path, Timestamp time) {
    return change_status({"set the time of", path}, LastPart::itself, [&](host::FileStatus& status) { status.modified = time; });
}

}  // namespace simulated

// --- the machine ---

SimulatedMachine::SimulatedMachine(std::uint64_t seed)
    : state_(std::make_unique<simulated::MachineState>(seed)), files_(std::make_unique<simulated::Files>(*state_)) {}

SimulatedMachine::~SimulatedMachine() = default;

host::Host SimulatedMachine::host() { return {*files_, *state_, *state_, host::silent_log()}; }

std::uint64_t SimulatedMachine::steps() const {
    const std::lock_guard lock(state_->mutex);
    return state_->steps;
}

void SimulatedMachine::cut_power_at_step(std::uint64_t step) {
    const std::lock_guard lock(state_->mutex);
    state_->cut_at = step;
}

void SimulatedMachine::cut_power() {
    const std::lock_guard lock(state_->mutex);
    state_->power = false;
}

bool SimulatedMachine::power_is_off() const {
    const std::lock_guard lock(state_->mutex);
    return !state_->power;
}

void SimulatedMachine::reboot() {
    const std::lock_guard lock(state_->mutex);
    simulated::lose_power(*state_->root, state_->fates);
    state_->locked.clear();
    ++state_->boots;
    state_->cut_at = std::numeric_limits<std::uint64_t>::max();
    state_->power = true;
}

void SimulatedMachine::fail_step(std::uint64_t step, ErrorCode code) {
    const std::lock_guard lock(state_->mutex);
    state_->failing[step] = code;
}

void SimulatedMachine::fill_disk_at_step(std::uint64_t step) {
    const std::lock_guard lock(state_->mutex);
    state_->full_at = step;
}

void SimulatedMachine::fail_no_step() {
    constexpr auto never = std::numeric_limits<std::uint64_t>::max(), no_limit = never;
    const std::lock_guard lock(state_->mutex);
    state_->failing.clear();
    state_->full_at = never;
    state_->capacity = no_limit;
}

void SimulatedMachine::set_capacity(std::uint64_t bytes) {
    const std::lock_guard lock(state_->mutex);
    state_->capacity = bytes;
}

void SimulatedMachine::set_read_only(bool read_only) {
    const std::lock_guard lock(state_->mutex);
    state_->read_only = read_only;
}

void SimulatedMachine::set_hard_links(bool offered) {
    const std::lock_guard lock(state_->mutex);
    state_->hard_links = offered;
}

void SimulatedMachine::advance_ms(std::int64_t ms) {
    const std::lock_guard lock(state_->mutex);
    state_->uptime_ns += ms * 1'000'000;
}

}  // namespace holdfast::tests
