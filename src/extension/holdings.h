// Holdings: what the extension has open in this process, and why something failed last.
#pragma once

#include <mutex>
#include <string>

#include "holdfast/operations/kept_images.h"

namespace holdfast::extension {

// Thread-safe. Never destroyed: connections may be closed while the program ends.
class Holdings {
public:
    // Of this process: after a fork the child begins with none. What it inherited stays the parent's, and no lock of the
    // parent's is waited for, as nobody may be left to give it back.
    static Holdings& here();
    bool are_here() const noexcept;  // false: they are those of the process that was forked

    operations::KeptImages& images() { return images_; }
    // To SQLite's log (SQLITE_CONFIG_LOG of the program), and for holdfast_last_error().
    void tell(int result_code, const Error& failure);
    std::string last_error() const;

private:
    Holdings();

    const std::int64_t process_;
    operations::KeptImages images_;
    mutable std::mutex mutex_;  // guards the text
    std::string last_error_;
};

operations::Context context_here();  // nobody can be asked; what would be logged goes to SQLite's log
void log_note(std::string_view text);

}  // namespace holdfast::extension
