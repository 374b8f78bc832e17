// Host: the machine as one value handed down: files, clock, randomness, log. Tests hand down a simulated one.
#pragma once

#include <memory>

#include "holdfast/host/clock.h"
#include "holdfast/host/file_system.h"
#include "holdfast/host/log.h"
#include "holdfast/host/random.h"

namespace holdfast::host {

// References that outlive every user. Copy freely.
struct Host {
    FileSystem& files;
    Clock& clock;
    Random& random;
    Log& log;
};

Host real_host();  // the machine itself; the log writes nothing below `warning`, to standard error

}  // namespace holdfast::host
