// FilterProgram: another program that turns the bytes it is given into others: gpg, age.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"

namespace holdfast::host {

struct FilterOrder {
    std::vector<std::string> words;       // the program, looked for in PATH, and its arguments: never a secret
    std::string input;                    // file on its standard input; empty: what write() gives it
    std::string output;                   // file that its standard output goes into (created, 0600); empty: read() has it
    bool output_is_ours = false;          // its standard output is this program's own, and there is nothing to read()
    const SecretBytes* secret = nullptr;  // what it can read from descriptor 3; at most 32 KiB
    std::stop_token stop;                 // ends it
};
struct FilterEnd {
    int status = 0;         // its exit status; 128 + N: ended by signal N
    std::string complaint;  // the beginning of what it said on standard error, at most 4 KiB
};

// Either it writes and we read, or we write; never both, so that neither waits for the other. Killed when destroyed before
// finish(). One thread at a time.
class FilterProgram {
public:
    // `not_found` when there is no such program.
    static Result<FilterProgram> start(const FilterOrder& order);
    FilterProgram(FilterProgram&&) noexcept;
    FilterProgram& operator=(FilterProgram&&) noexcept;
    ~FilterProgram();

    Result<std::size_t> read(MutableByteView into);  // 0: it has closed its output, which says nothing about success
    // `unavailable` when it takes no more: finish() says why.
    Result<void> write(ByteView bytes);
    Result<FilterEnd> finish();                      // closes its input and waits for its end; once

private:
    struct State;
    explicit FilterProgram(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::host
