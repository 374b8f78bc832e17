// The repository that named images lie in, where there has to be one.
#pragma once

#include "holdfast/operations/named_images.h"

namespace holdfast::operations {

// Null: a file is meant, or a live database that no repository needs to tell of. Else as open_repository().
Result<std::unique_ptr<OpenRepository>> repository_of_images(Context& context, const RepositoryRequest& request, const ImagesRequest& images);

}  // namespace holdfast::operations
