#include "holdfast/store/open_files.h"

#include <algorithm>

namespace holdfast::store {

namespace {
constexpr std::size_t entries_max = 16;
}

Result<std::shared_ptr<const host::File>> OpenFiles::open(const std::string& path) {
    std::uint64_t forgotten_before = 0;
    {
        const std::lock_guard lock(mutex_);
        if (auto file = find(path)) return file;
        forgotten_before = forgotten_;
    }
    std::shared_ptr<const host::File> file = TRY(files_.open_to_read(path));
    const std::lock_guard lock(mutex_);
    // Something was removed since: it may have been this file, between our open and now.
    if (forgotten_ == forgotten_before && !find(path)) keep({path, file, ++uses_});
    return file;
}

void OpenFiles::forget(const std::string& path) {
    const std::lock_guard lock(mutex_);
    ++forgotten_;
    std::erase_if(entries_, [&](const Entry& entry) { return entry.path == path; });
}

std::shared_ptr<const host::File> OpenFiles::find(const std::string& path) {
    const auto at = std::ranges::find(entries_, path, &Entry::path);
    if (at == entries_.end()) return nullptr;
    at->last_use = ++uses_;
    return at->file;
}

void OpenFiles::keep(Entry entry) {
    if (entries_.size() < entries_max) return entries_.push_back(std::move(entry));
    *std::ranges::min_element(entries_, {}, &Entry::last_use) = std::move(entry);
}

}  // namespace holdfast::store
