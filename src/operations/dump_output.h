// DumpOutput: a dump on its way to its file, which stays untouched where nothing but the time would change.
#pragma once

#include <memory>

#include "holdfast/base/hash.h"
#include "holdfast/bundle/sinks.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

class DumpOutput {
public:
    struct Place {
        std::string path;            // "-": standard output
        std::uint32_t mode = 0600;   // of a new file; one that is there keeps its own
        bool is_dry = false;         // nothing is written, and finish() says what would have been
    };
    static Result<DumpOutput> open(Context& context, Place place);

    // Pieces as write_sql_dump() gives them: the header in the first one, the last line alone.
    Result<void> write(std::string_view piece);
    enum class Outcome { written, unchanged };
    // The file has its name, or is as it was. Without this nothing has changed.
    Result<Outcome> finish();

private:
    DumpOutput(Context& context, Place place) : context_(&context), place_(std::move(place)) {}
    Result<bool> is_as_there(std::string_view piece);
    Result<void> begin_writing();

    Context* context_;
    Place place_;
    std::unique_ptr<host::File> there_;   // what is there now, while all is the same
    Sha256 hash_there_;
    std::string header_;                  // the first piece, with a time of its own
    std::uint64_t same_ = 0;              // bytes of it, and as many of the file that is there
    std::unique_ptr<bundle::ByteSink> sink_;
};

}  // namespace holdfast::operations
