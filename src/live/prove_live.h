// Proving that a live database now is the image that was written into it, while others may go on writing.
#pragma once

#include <string>
#include <vector>

#include "holdfast/live/freeze.h"
#include "holdfast/live/replace.h"

namespace holdfast::live {

// What was known while the write lock was held, before anything was written. A WAL is pinned by the caller from then on:
// else what others commit and checkpoint meanwhile could start it again, and their commit be taken for ours.
struct LiveProof {
    std::string path;
    PlaceOptions place;
    FreezeFacts before;
};
// Freezes the database and compares it with the image, but for what mask_header_of_live_restore() hides. Empty: it is
// the image. Otherwise a note: others have committed since, and what could still be proven. `corrupt` when it differs
// although nobody has.
Result<std::string> prove_live(host::Host host, const sqlite::Image& image, const LiveProof& proof, const Watch& watch);

}  // namespace holdfast::live
