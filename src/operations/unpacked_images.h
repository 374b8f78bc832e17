// UnpackedImages: named images as plain files in a private folder, for programs that open files only.
#pragma once

#include <string>
#include <vector>

#include "holdfast/host/worker_pool.h"
#include "holdfast/operations/named_images.h"
#include "holdfast/operations/temporary_place.h"

namespace holdfast::operations {

// The files are gone when it is destroyed.
class UnpackedImages {
public:
    struct Database {
        std::string name;  // in SQL
        std::string path;
    };
    // `folder`: as in PlaceNeeded.
    static Result<UnpackedImages> unpack(Context& context, const NamedImages& images, const std::string& folder);
    const std::vector<Database>& databases() const { return databases_; }
    std::uint64_t bytes() const { return bytes_; }

private:
    explicit UnpackedImages(TemporaryPlace place) : place_(std::move(place)) {}
    TemporaryPlace place_;
    std::vector<Database> databases_;
    std::uint64_t bytes_ = 0;
};

}  // namespace holdfast::operations
