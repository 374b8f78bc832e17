// The VFS `holdfast`: ATTACH 'file:app.db?vfs=holdfast&repository=PATH&snapshot=43' AS backup.
#pragma once

#include <memory>

#include "holdfast/extension/holdings.h"
#include "holdfast/sqlite/image_vfs.h"

namespace holdfast::extension {

constexpr const char* vfs_name = "holdfast";

// A database of a backup that SQLite has open. In a child of the process that opened it every read fails, and closing it
// leaves the lease, which is the parent's.
class OpenBackup final : public sqlite::Exhibit {
public:
    OpenBackup(Holdings& holdings, std::shared_ptr<const operations::KeptImage> kept);
    OpenBackup(const OpenBackup&) = delete;
    OpenBackup& operator=(const OpenBackup&) = delete;
    ~OpenBackup() override;
    const operations::KeptImage& kept() const { return *kept_; }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override;
    void remember(const Error& failure) override;

private:
    Holdings& holdings_;
    std::shared_ptr<const operations::KeptImage> kept_;
};

// What the URI's parameters say. `invalid`: a secret stands in it, or a parameter that nobody knows.
Result<operations::KeptImageRequest> request_of(const sqlite::AskedName& asked);

Result<void> register_vfs();  // once in a process

}  // namespace holdfast::extension
