#include "support/simulated_state.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "holdfast/base/text.h"

namespace holdfast::tests::simulated {
namespace {

constexpr Timestamp first_boot{1'767'225'600 * nanoseconds_per_second};  // 2026-01-01
constexpr std::int64_t step_ns = 1000;
constexpr std::int64_t look_ns = 100;  // looking at the clock takes time, so that waiting loops end

Error dead(const Step& step) {
    return fail(ErrorCode::unavailable, "{} {}: power is off", step.doing, printable(step.path));
}

}  // namespace

MachineState::MachineState(std::uint64_t seed) : fates(seed), random(seed + 1) {
    root = make_node(host::FileKind::folder, 0755);
}

Timestamp MachineState::time() const { return {first_boot.nanoseconds + uptime_ns}; }

Timestamp MachineState::now() {
    const std::lock_guard lock(mutex);
    uptime_ns += look_ns;
    return time();
}

std::int64_t MachineState::monotonic_ns() {
    const std::lock_guard lock(mutex);
    return uptime_ns += look_ns;
}

void MachineState::sleep_ms(std::int64_t ms) {
    {
        const std::lock_guard lock(mutex);
        uptime_ns += ms * 1'000'000;
    }
    std::this_thread::yield();
}

void MachineState::fill(MutableByteView into) {
    const std::lock_guard lock(mutex);
    for (std::size_t at = 0; at < into.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t drawn = random.any();
        std::memcpy(into.data() + at, &drawn, std::min(sizeof drawn, into.size() - at));
    }
}

Result<void> MachineState::need_power(const Step& step) const {
    if (!power) return dead(step);
    return {};
}

Verdict MachineState::begin(const Step& step) {
    if (!power) return {.error = dead(step)};
    ++steps;
    uptime_ns += step_ns;
    if (steps == full_at) capacity = used();
    if (steps == cut_at) return {.error = dead(step), .power_fails = true};
    if (const auto failure = failing.find(steps); failure != failing.end()) {
        return {.error = fail(failure->second, "{} {}: made to fail", step.doing, printable(step.path))};
    }
    if (read_only) {
        return {.error = fail(ErrorCode::denied, "{} {}: the file system is read-only", step.doing,
                              printable(step.path))};
    }
    return {};
}

Result<void> MachineState::take(const Step& step, const std::function<Result<void>()>& effect) {
    auto verdict = begin(step);
    if (verdict.error && !verdict.power_fails) return end(std::move(verdict));
    auto done = effect();
    return verdict.error ? end(std::move(verdict)) : std::move(done);
}

Error MachineState::end(Verdict verdict) {
    if (verdict.power_fails) power = false;
    return std::move(*verdict.error);
}

NodePointer MachineState::make_node(host::FileKind kind, std::uint32_t mode) {
    auto node = std::make_shared<Node>();
    node->status.kind = kind;
    node->status.device = 1;
    node->status.inode = next_inode++;
    node->status.mode = mode;
    node->status.modified = node->status.changed = time();
    return node;
}

std::uint64_t MachineState::used() const {
    std::uint64_t bytes = 0;
    std::set<const Node*> seen;
    std::vector<const Node*> todo = {root.get()};
    while (!todo.empty()) {
        const Node& node = *todo.back();
        todo.pop_back();
        if (!seen.insert(&node).second) continue;
        bytes += node.content.now().size();
        for (const auto& [name, child] : node.folder.now()) todo.push_back(child.get());
    }
    return bytes;
}

std::uint64_t MachineState::room() const {
    if (capacity == std::numeric_limits<std::uint64_t>::max()) return capacity;
    const auto bytes = used();
    return capacity > bytes ? capacity - bytes : 0;
}

// --- open files ---

SimulatedFile::SimulatedFile(MachineState& machine, Opened opened)
    : machine_(machine),
      node_(std::move(opened.node)),
      path_(std::move(opened.path)),
      may_write_(opened.may_write),
      boot_(machine.boots) {}

Result<void> SimulatedFile::need_life(const char* doing, bool writes) const {
    if (boot_ != machine_.boots) {
        return fail(ErrorCode::unavailable, "{} {}: opened before the power was cut", doing, printable(path_));
    }
    if (writes && !may_write_) {
        return fail(ErrorCode::denied, "{} {}: opened to read", doing, printable(path_));
    }
    return machine_.need_power({doing, path_});
}

void SimulatedFile::touch() { node_->status.modified = node_->status.changed = machine_.time(); }

Result<std::size_t> SimulatedFile::read_at(std::uint64_t offset, MutableByteView into) const {
    const std::lock_guard lock(machine_.mutex);
    TRY(need_life("read", false));
    const ByteView bytes = node_->content.now();
    if (offset >= bytes.size()) return std::size_t{0};
    const auto size = std::min<std::size_t>(into.size(), bytes.size() - offset);
    if (size != 0) std::memcpy(into.data(), bytes.data() + offset, size);
    return size;
}

std::uint64_t SimulatedFile::next_data(std::uint64_t offset) const noexcept {
    constexpr std::uint64_t block = 4096;
    const std::lock_guard lock(machine_.mutex);
    const ByteView bytes = node_->content.now();
    for (std::uint64_t at = offset; at < bytes.size(); at = (at / block + 1) * block) {
        const auto rest = bytes.subspan(at / block * block);
        if (!is_all_zero(rest.first(std::min<std::size_t>(block, rest.size())))) return at;
    }
    return std::max<std::uint64_t>(offset, bytes.size());
}

Result<void> SimulatedFile::write_at(std::uint64_t offset, ByteView bytes) {
    const std::lock_guard lock(machine_.mutex);
    TRY(need_life("write", true));
    auto verdict = machine_.begin({"write", path_});
    if (verdict.error && !verdict.power_fails) bytes = bytes.first(machine_.read_only ? 0 : bytes.size() / 2);
    const std::uint64_t before = node_->content.now().size(), after = std::max(before, offset + bytes.size());
    const bool fits = after - before <= machine_.room();
    if (fits && !bytes.empty()) {
        node_->content.write(offset, bytes);
        touch();
    }
    if (verdict.error) return machine_.end(std::move(verdict));
    if (!fits) return fail(ErrorCode::full, "write {}: no space left", printable(path_));
    return {};
}

Result<std::uint64_t> SimulatedFile::size() const {
    const std::lock_guard lock(machine_.mutex);
    TRY(need_life("look at", false));
    return node_->content.now().size();
}

Result<host::FileStatus> SimulatedFile::status() const {
    const std::lock_guard lock(machine_.mutex);
    TRY(need_life("look at", false));
    return node_->status_now();
}

Result<void> SimulatedFile::resize(std::uint64_t size) {
    const std::lock_guard lock(machine_.mutex);
    TRY(need_life("resize", true));
    return machine_.take({"resize", path_}, [&]() -> Result<void> {
        const std::uint64_t before = node_->content.now().size();
        if (size > before && size - before > machine_.room()) {
            return fail(ErrorCode::full, "resize {}: no space left", printable(path_));
        }
        node_->content.resize(size);
        touch();
        return {};
    });
}

Result<void> SimulatedFile::set_owner(std::uint32_t owner, std::uint32_t group) {
    const std::lock_guard lock(machine_.mutex);
    TRY(need_life("set the owner of", false));
    return machine_.take({"set the owner of", path_}, [&]() -> Result<void> {
        node_->status.owner = owner;
        node_->status.group = group;
        node_->status.changed = machine_.time();
        return {};
    });
}

Result<void> SimulatedFile::set_mode(std::uint32_t mode) {
    const std::lock_guard lock(machine_.mutex);
    TRY(need_life("set the mode of", false));
    return machine_.take({"set the mode of", path_}, [&]() -> Result<void> {
        node_->status.mode = mode;
        node_->status.changed = machine_.time();
        return {};
    });
}

Result<void> SimulatedFile::sync() {
    const std::lock_guard lock(machine_.mutex);
    TRY(need_life("sync", true));
    if (sync_failed_) {
        return fail(ErrorCode::unavailable, "sync {}: an earlier sync failed", printable(path_));
    }
    auto verdict = machine_.begin({"sync", path_});
    if (!verdict.error) {
        node_->content.sync();
        return {};
    }
    if (!verdict.power_fails) {
        node_->content.fail_sync();
        sync_failed_ = true;
    }
    return machine_.end(std::move(verdict));
}

}  // namespace holdfast::tests::simulated
