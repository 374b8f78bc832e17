// A restore in a process of its own, which dies in the middle of it: nothing is tidied up.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include "holdfast/host/file_system.h"
#include "holdfast/operations/restore.h"

namespace holdfast::tests {

constexpr int killed_status = 7;

// By file systems, at the step where the process dies.
[[noreturn]] inline void die() { ::_exit(killed_status); }

// Whether it died; false: it came to its end. `dying` stands for the file system of the context.
inline bool is_killed_restoring(const operations::Context& context, host::FileSystem& dying, const operations::RestoreRequest& request) {
    const auto child = ::fork();
    if (child == 0) {
        operations::Context dies{.host = {.files = dying, .clock = context.host.clock, .random = context.host.random, .log = context.host.log}, .watch = {}, .vfs = {}};
        static_cast<void>(operations::restore(dies, request));
        ::_exit(0);
    }
    int ended = 0;
    return child > 0 && ::waitpid(child, &ended, 0) == child && WIFEXITED(ended) && WEXITSTATUS(ended) == killed_status;
}

}  // namespace holdfast::tests
