// What a power cut leaves: contents and names as the running system sees them, and as they may be found afterwards.
//
// The loss model. Everything synced is kept. Of what is not synced since, each file and each folder meets one of three
// fates, by the dice: all of it is lost, all of it is kept, or a mixture:
//  - contents: every 512-byte sector shows, independently of the others, what it held at the last sync or after any of
//    the writes since; a sector is never torn, a sector never written holds zeros, and the size is, independently of
//    the sectors, the size after any of the changes since;
//  - names: every change (create, link, rename, remove) either happened or did not, in any combination. A rename is one
//    change within a folder, also between two folders while neither is synced; after a sync of one folder only, what
//    the other shows is open.
// After a failed sync, what was written before it may stay unwritten for ever, although a later sync succeeds, unless
// the same sector was written again. Modes, owners and times are never lost, nor what a link says.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/host/file_system.h"

namespace holdfast::tests::simulated {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t any() { return engine_(); }
    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
    bool coin() { return below(2) == 0; }

private:
    std::mt19937_64 engine_;  // the same numbers on every platform
};

enum class Fate { lost, kept, mixed };
Fate roll_fate(Dice& dice);

class Content {
public:
    const Bytes& now() const { return now_; }
    void write(std::uint64_t offset, ByteView bytes);
    void resize(std::uint64_t size);
    void sync();
    void fail_sync();
    void lose_power(Dice& dice);

private:
    enum class State { unsynced, doubtful, synced };  // doubtful: written before a failed sync
    struct Change {
        std::uint64_t begin = 0, end = 0;  // bytes touched
        std::uint64_t size_after = 0;
        Bytes bytes;  // empty: zeros (the part cut off by a resize)
        State state = State::unsynced;
    };
    void add(Change change);
    bool has_doubtful() const;
    Bytes survivors(Dice& dice) const;
    std::uint64_t surviving_size(Dice& dice) const;

    Bytes now_;
    Bytes durable_;                // as of the last sync before the first change below
    std::vector<Change> changes_;  // since then, in order
};

struct Node;
using NodePointer = std::shared_ptr<Node>;
using Names = std::map<std::string, NodePointer>;

// The changes that were kept or lost so far: the two halves of a rename between folders share their number.
using Decisions = std::map<std::uint64_t, bool>;

class Folder {
public:
    const Names& now() const { return now_; }
    struct Change {
        std::uint64_t step = 0;
        Names names;  // the new holder of each name; nobody: the name is gone
    };
    void change(Change change);
    void sync();
    void lose_power(Dice& dice, Decisions& decisions);

private:
    Names now_, durable_;
    std::vector<Change> changes_;
};

struct Node {
    host::FileStatus status;  // size is the content's
    Content content;
    Folder folder;
    std::string target;  // of a link
    host::FileStatus status_now() const;
};

// Of the tree below root, what is still there after the cut.
void lose_power(Node& root, Dice& dice);

}  // namespace holdfast::tests::simulated
