// Whether a dump makes the database that it is of: it is loaded, and compared.
#pragma once

#include <memory>

#include "holdfast/bundle/private_folder.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/outside_request.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

// Takes the text as it is written, and keeps it in a private folder (the user's cache folder, or that of --unpack-in).
class DumpProof {
public:
    static Result<DumpProof> begin(Context& context, const OutsideRequest& request);
    Result<void> write(std::string_view piece);
    // All but the last line was written. `corrupt`: a database made of it differs from the image, in the schema or in a row of
    // one of these tables; of a part of the tables the schema is not compared.
    struct Whole {
        const sqlite::Image& image;
        std::vector<std::string> tables;
        bool is_part = false;
    };
    Result<void> expect_equal(const Whole& whole);

private:
    DumpProof(Context& context, bundle::PrivateFolder folder) : context_(&context), folder_(std::move(folder)) {}
    Context* context_;
    bundle::PrivateFolder folder_;
    std::unique_ptr<host::File> text_;
    std::uint64_t size_ = 0;
};

}  // namespace holdfast::operations
