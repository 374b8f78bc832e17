// DumpOutput: a dump on its way to its file, which stays untouched where nothing but the time would change.
#pragma once

#include <memory>

#include "holdfast/base/hash.h"
#include "holdfast/bundle/sinks.h"
#include "holdfast/dump/sql_dump.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

// What is written is hashed, compared and stored by a thread of its own, while the next piece comes together.
class DumpOutput final : public dump::DumpSink {
public:
    struct Place {
        std::string path;            // "-": standard output
        std::uint32_t mode = 0600;   // of a new file; one that is there keeps its own
        bool is_dry = false;         // nothing is written, and finish() says what would have been
    };
    static Result<std::unique_ptr<DumpOutput>> open(Context& context, Place place);

    Result<void> write(std::string_view piece) override;
    Result<Hash> hash() override;
    enum class Outcome { written, unchanged };
    DumpOutput(Context& context, Place place);  // by open()
    ~DumpOutput() override;
    // The file has its name, or is as it was. Without this nothing has changed.
    Result<Outcome> finish();

private:
    Result<void> wait();
    Result<void> take(std::string_view piece);
    Result<bool> is_as_there(std::string_view piece);
    Result<void> begin_writing();

    Context* context_;
    Place place_;
    std::unique_ptr<host::File> there_;   // what is there now, while all is the same
    Sha256 hash_there_;
    std::string header_;                  // the first piece, with a time of its own
    std::uint64_t same_ = 0;              // bytes of it, and as many of the file that is there
    std::unique_ptr<bundle::ByteSink> sink_;
    Sha256 hash_;
    struct Behind;
    std::unique_ptr<Behind> behind_;
};

}  // namespace holdfast::operations
