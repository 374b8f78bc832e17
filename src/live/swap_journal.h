// What a FileSwap writes down before it changes anything, so that another process can finish it or take it back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/host/file_system.h"

namespace holdfast::live {

struct ThingOwner {
    std::uint32_t owner = 0, group = 0;
    bool operator==(const ThingOwner&) const = default;
};
// What is, or was, under a name: as much as tells whether somebody has written to it since, and brings a folder or link back.
struct SeenThing {
    host::FileKind kind = host::FileKind::regular;
    std::uint64_t size = 0;  // of a file
    std::uint32_t mode = 0;
    Timestamp modified{};
    std::string link_target{};  // of a link
    std::optional<ThingOwner> owner{};  // none: the journal of an older version
};
SeenThing seen_thing(const host::FileStatus& status, std::string link_target);
// The same content as far as times tell; folders are compared as folders only.
bool is_untouched(const SeenThing& before, const SeenThing& now);

struct SwapStep {
    enum class What : std::uint8_t { put = 1, remove = 2, make_folder = 3, remove_folder = 4 };
    What what = What::put;
    std::string path{};                  // absolute
    std::string stage{};                 // the staging folder of its companion
    std::optional<SeenThing> before{};   // none: nothing is there
    std::string staged{};                // put: the file or link that takes the name
    std::uint64_t placed_inode = 0, placed_size = 0;  // put: of `staged`, by which it is known again; filled in by FileSwap
    Timestamp placed_modified{};
};
// Mode, time and owner of a folder: changes within it move its time, and it may have to be opened for them.
struct FolderDress {
    std::string path{};
    std::uint32_t mode = 0;
    Timestamp modified{};
    std::optional<SeenThing> before{};   // none: it is made by a step
    std::optional<ThingOwner> owner{};   // none: as it is
};
struct SwapPlan {
    std::vector<SwapStep> steps{};       // in the order in which they can be done
    std::vector<FolderDress> folders{};  // a folder before those in it
};

// Three small files in one folder: `stages` from the beginning on; `journal` from the first step on until all is over;
// `swapped` when all steps are done. Each is written whole, durably, and ends with a checksum. corrupt: it is damaged.
struct SwapStages {
    Bytes note{};                        // the caller's: what it is for
    std::vector<std::string> folders{};
};
Bytes encode_stages(const SwapStages& stages);
Result<SwapStages> decode_stages(ByteView bytes);
Result<Bytes> encode_plan(const SwapPlan& plan);  // invalid: too many steps
Result<SwapPlan> decode_plan(ByteView bytes);
Bytes encode_replaced(const std::vector<std::string>& databases);
Result<std::vector<std::string>> decode_replaced(ByteView bytes);

}  // namespace holdfast::live
