// frames_over(): a WAL's frames laid over any image, for a WAL whose database is not simply a file.
#pragma once

#include <memory>

#include "holdfast/sqlite/wal.h"

namespace holdfast::live {

// What SQLite reads when the WAL lies over `below`. Keeps references to both. `corrupt` when the page sizes differ.
Result<std::unique_ptr<sqlite::Image>> frames_over(const sqlite::Image& below, const sqlite::RawFile& wal,
                                                   sqlite::WalMap map);

}  // namespace holdfast::live
