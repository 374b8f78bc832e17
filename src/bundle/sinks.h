// Where a bundle or a compressed copy goes: a file that gets its name last, or standard output.
#pragma once

#include <cstdint>
#include <string>

#include "holdfast/bundle/encryption.h"
#include "holdfast/host/host.h"

namespace holdfast::bundle {

struct OutputRequest {
    std::string path;             // "-": standard output
    bool replace = false;         // an existing file is replaced, in one step; else it is refused (`exists`)
    Recipient recipient;          // none: it is not encrypted
    std::uint32_t mode = 0600;    // that it has when it gets its name
};
// A file is written aside (0600), synced, and named by finish(); before that, or without it, nothing of that name is there.
// Missing folders are made.
Result<std::unique_ptr<ByteSink>> open_output(host::Host host, const OutputRequest& request, std::stop_token stop);

// Counts and hashes what passes through; finish() finishes the sink below, which outlives it.
struct CountingSink final : ByteSink {
    explicit CountingSink(ByteSink& below) : sink(below) {}
    Result<void> write(ByteView bytes) override {
        count += bytes.size();
        return sink.write(bytes);
    }
    Result<void> finish() override { return sink.finish(); }
    ByteSink& sink;
    std::uint64_t count = 0;
};

}  // namespace holdfast::bundle
