#include "support/simulated_disk.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <unordered_map>

namespace holdfast::tests::simulated {
namespace {

constexpr std::uint64_t sector_size = 512;

struct Piece {
    std::uint64_t sector, begin, end;
};

// The sectors of [begin, end), each with the bytes that lie in it.
void for_each_sector(std::uint64_t begin, std::uint64_t end, const std::function<void(Piece)>& visit) {
    while (begin < end) {
        const auto sector = begin / sector_size;
        const auto stop = std::min(end, (sector + 1) * sector_size);
        visit({sector, begin, stop});
        begin = stop;
    }
}

void put(Bytes& into, std::uint64_t offset, ByteView bytes) {
    if (into.size() < offset + bytes.size()) into.resize(offset + bytes.size());
    if (!bytes.empty()) std::memcpy(into.data() + offset, bytes.data(), bytes.size());
}

}  // namespace

Fate roll_fate(Dice& dice) {
    switch (dice.below(4)) {
        case 0: return Fate::lost;
        case 1: return Fate::kept;
        default: return Fate::mixed;
    }
}

// --- contents ---

void Content::write(std::uint64_t offset, ByteView bytes) {
    if (bytes.empty()) return;
    put(now_, offset, bytes);
    add({.begin = offset, .end = offset + bytes.size(), .size_after = now_.size(), .bytes = copy_of(bytes)});
}

void Content::resize(std::uint64_t size) {
    const std::uint64_t before = now_.size();
    now_.resize(size);
    add({.begin = std::min(size, before), .end = before, .size_after = size, .bytes = {}});
}

void Content::add(Change change) { changes_.push_back(std::move(change)); }

bool Content::has_doubtful() const {
    return std::ranges::any_of(changes_, [](const Change& change) { return change.state == State::doubtful; });
}

void Content::sync() {
    if (has_doubtful()) {
        for (auto& change : changes_) {
            if (change.state == State::unsynced) change.state = State::synced;
        }
        return;
    }
    for (const auto& change : changes_) {
        put(durable_, change.begin, change.bytes);
        durable_.resize(change.size_after);
    }
    changes_.clear();
}

void Content::fail_sync() {
    for (auto& change : changes_) {
        if (change.state == State::unsynced) change.state = State::doubtful;
    }
}

void Content::lose_power(Dice& dice) {
    if (!changes_.empty()) {
        now_ = survivors(dice);
        changes_.clear();
    }
    durable_ = now_;
}

// Each sector shows the first so many of the changes: at least up to the last synced one that touched it.
Bytes Content::survivors(Dice& dice) const {
    const Fate fate = has_doubtful() ? Fate::mixed : roll_fate(dice);
    if (fate == Fate::lost) return durable_;
    if (fate == Fate::kept) return now_;
    std::unordered_map<std::uint64_t, std::size_t> least, shown;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        if (changes_[i].state != State::synced) continue;
        for_each_sector(changes_[i].begin, changes_[i].end, [&](Piece piece) { least[piece.sector] = i + 1; });
    }
    const auto shown_of = [&](std::uint64_t sector) {
        const auto known = shown.find(sector);
        if (known != shown.end()) return known->second;
        const auto floor = least.contains(sector) ? least[sector] : 0;
        return shown[sector] = floor + dice.below(changes_.size() - floor + 1);
    };
    Bytes left = durable_;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        const Change& change = changes_[i];
        for_each_sector(change.begin, change.end, [&](Piece piece) {
            if (i >= shown_of(piece.sector)) return;
            const Bytes zeros(change.bytes.empty() ? piece.end - piece.begin : 0);
            put(left, piece.begin,
                change.bytes.empty()
                    ? ByteView(zeros)
                    : ByteView(change.bytes).subspan(piece.begin - change.begin, piece.end - piece.begin));
        });
    }
    left.resize(surviving_size(dice));
    return left;
}

std::uint64_t Content::surviving_size(Dice& dice) const {
    std::size_t least = 0;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        if (changes_[i].state == State::synced) least = i + 1;
    }
    const auto shown = least + dice.below(changes_.size() - least + 1);
    return shown == 0 ? durable_.size() : changes_[shown - 1].size_after;
}

// --- names ---

namespace {

void make_change(const Folder::Change& change, Names& names) {
    for (const auto& [name, holder] : change.names) {
        if (holder) names[name] = holder;
        else names.erase(name);
    }
}

}  // namespace

void Folder::change(Change change) {
    make_change(change, now_);
    changes_.push_back(std::move(change));
}

void Folder::sync() {
    for (const auto& change : changes_) make_change(change, durable_);
    changes_.clear();
}

void Folder::lose_power(Dice& dice, Decisions& decisions) {
    const Fate fate = roll_fate(dice);
    for (const auto& change : changes_) {
        const bool coin = dice.coin();
        const bool wanted = fate == Fate::kept || (fate == Fate::mixed && coin);
        if (decisions.try_emplace(change.step, wanted).first->second) make_change(change, durable_);
    }
    changes_.clear();
    now_ = durable_;
}

host::FileStatus Node::status_now() const {
    auto now = status;
    now.size = status.kind == host::FileKind::link ? target.size() : content.now().size();
    return now;
}

void lose_power(Node& root, Dice& dice) {
    Decisions decisions;
    std::set<const Node*> seen;
    std::vector<Node*> todo = {&root};
    while (!todo.empty()) {
        Node& node = *todo.back();
        todo.pop_back();
        if (!seen.insert(&node).second) continue;
        node.content.lose_power(dice);
        node.folder.lose_power(dice, decisions);
        for (const auto& [name, child] : node.folder.now()) todo.push_back(child.get());
    }
}

}  // namespace holdfast::tests::simulated
