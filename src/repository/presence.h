// Presence: who is at work in a repository, as claims, leases and lists of condemned packs record it.
#pragma once

#include <string>

#include "holdfast/base/record.h"
#include "holdfast/base/time.h"
#include "holdfast/host/process_identity.h"

namespace holdfast::repository {

// Advice for people and for patience: no safety rests on it.
struct Presence {
    host::ProcessIdentity process;
    Timestamp since;
    std::string purpose;  // "backup", "restore": for people
};
RecordWriter write_presence(const Presence& presence);
Result<Presence> read_presence(ByteView record);

std::string describe(const Presence& presence);  // "backup, process 4711"

}  // namespace holdfast::repository
