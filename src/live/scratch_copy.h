// ScratchCopy: a copy of a database as it is now, for trying out what is to be done to it; gone afterwards.
#pragma once

#include <memory>
#include <string>

#include "holdfast/live/freeze.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

class CopyFolder;

// In a folder of its own below the user's cache folder (0700), which the next one removes if a crash left it there. The
// database is held for as long as copying takes.
class ScratchCopy {
public:
    // `full`: there is no room for it, with some to spare for what is tried.
    static Result<ScratchCopy> of(host::Host host, const std::string& path, const FreezeOptions& options, const Watch& watch);
    ScratchCopy(ScratchCopy&&) noexcept;
    ScratchCopy& operator=(ScratchCopy&&) noexcept;
    ~ScratchCopy();

    // With foreign keys on, and a transaction open. It must be gone before this is.
    Result<sqlite::Connection> connect() const;

private:
    explicit ScratchCopy(std::unique_ptr<CopyFolder> folder);
    std::unique_ptr<CopyFolder> folder_;
};

}  // namespace holdfast::live
