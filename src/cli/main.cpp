// bin/holdfast.
#include <malloc.h>

#include "holdfast/cli/run.h"

int main(int count, char** words) {
    // Packs, fingerprints and tables, of some MiB each, go back to the system when they are freed. Left to itself glibc
    // keeps freed blocks of up to 32 MiB: a third of the peak, measured on a first backup. Smaller ones it may keep; to
    // give them back and ask again takes a twentieth of the time of a restore.
    constexpr int large_block = 4 * 1024 * 1024;
    static_cast<void>(mallopt(M_MMAP_THRESHOLD, large_block));
    static_cast<void>(mallopt(M_TRIM_THRESHOLD, large_block));
    return holdfast::cli::run({words + 1, words + count});
}
