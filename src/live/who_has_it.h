// Who has a database open: the processes, over all of its files, and the words for them.
#pragma once

#include <string>

#include "holdfast/host/host.h"
#include "holdfast/host/openers.h"

namespace holdfast::live {

// Who has the main file or one of its sidecars open, other than this process. What cannot be looked at counts as not
// seen: saw_every_process is false then.
host::Openers openers_of(host::Host host, const std::string& path);

// "process 4711 (python3) and process 4712 (firefox)"
std::string in_words(const host::Openers& openers);

}  // namespace holdfast::live
