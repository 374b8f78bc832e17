// WalState: how large a WAL is, how much of it no checkpoint could write back, and whose reading keeps it so.
#pragma once

#include <string>
#include <vector>

#include "holdfast/live/freeze.h"

namespace holdfast::live {

struct WalPin {
    std::int64_t process = 0;
    std::string command;
    std::uint32_t up_to = 0;           // it reads the database as it was at this frame; 0: before the first
};
struct WalState {
    std::uint64_t file_size = 0;       // 0: there is no WAL
    bool is_connected = false;         // false: nobody is, and nothing else is known
    std::uint32_t page_size = 0;
    std::uint32_t frames = 0;          // committed
    std::uint32_t waiting = 0;         // of them, that are not in the database file yet
    std::vector<WalPin> pins;          // of readers that keep frames waiting, the oldest reading first
};
// Locks nothing. What cannot be read of the wal-index just now (`busy`) is an Error.
Result<WalState> state_of_wal(host::Host host, const std::string& path, const FreezeOptions& options);

}  // namespace holdfast::live
