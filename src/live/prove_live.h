// LiveProof: that a live database now is the image that was written into it, while others may go on writing.
#pragma once

#include <string>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/freeze.h"
#include "holdfast/live/replace.h"

namespace holdfast::live {

class LiveProof {
public:
    // Reads the image, as far as SQLite counts its pages and so writes them: fingerprints of its pieces, but for what
    // mask_header_of_live_restore() hides. What is compared with them need be read only once.
    static Result<LiveProof> of(const sqlite::Image& image, const Watch& watch);

    // What was known while the write lock was held, before anything was written. A WAL is pinned by the caller from then
    // on: else what others commit and checkpoint meanwhile could start it again, and their commit be taken for ours.
    struct Written {
        std::string path;
        PlaceOptions place;
        FreezeFacts before;
    };
    // Freezes the database and compares it. `corrupt` when it differs although nobody else has committed.
    Result<Proof> prove(host::Host host, const Written& written, const Watch& watch) const;

private:
    LiveProof(sqlite::PageSize page_size, sqlite::PageNumber last_page) : page_size_(page_size), last_page_(last_page) {}
    enum class Judgement { same, differs, unknown };
    template <typename Visit>
    Result<void> visit(const sqlite::Image& image, const Visit& each) const;
    Result<bool> is_same(const sqlite::Image& other, const Watch& watch) const;
    Result<Judgement> judge(host::Host host, const Written& written, const FreezeOptions& options, const FreezeFacts& now) const;
    Result<Judgement> judge_frames(const DatabaseFiles& files, const FreezeFacts& before) const;

    sqlite::PageSize page_size_;
    sqlite::PageNumber last_page_;
    std::vector<Fingerprint> prints_;
};

}  // namespace holdfast::live
