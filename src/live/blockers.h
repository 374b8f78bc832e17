// Whose locks keep a write from beginning now: for a dry run, which takes none.
#pragma once

#include <string>

#include "holdfast/live/replace.h"

namespace holdfast::live {

// Processes that hold a lock with which write_live() could not begin on a database of that journal mode: as far as /proc
// shows them, so none found is no promise.
host::Openers blockers_of(host::Host host, const std::string& path, bool is_wal);

// The refusal when others' locks do not end: `busy`, with who they are.
Error refused_as_locked(const std::string& path, const host::Openers& openers, std::string_view why);

}  // namespace holdfast::live
