#include "holdfast/operations/repository_of_images.h"

#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/verify_file.h"

namespace holdfast::operations {

Result<std::unique_ptr<OpenRepository>> repository_of_images(Context& context, const RepositoryRequest& request, const ImagesRequest& images) {
    std::unique_ptr<OpenRepository> none;
    const bool is_live = images.word == live_word;
    if (!is_live && TRY(means_a_file(context, images.word))) return none;
    const auto filter = TRY(source_filter(context, images.source));
    OpenHow how;
    if (!filter.path.empty()) how.databases.push_back(filter.path);
    auto opened = open_repository(context, request, how);
    if (opened || opened.error().code() != ErrorCode::not_found) return opened;
    const bool is_of_a_database = is_live && named_repository(request).empty() && !filter.path.empty() && TRY(host::exists(context.host.files, filter.path));
    if (is_of_a_database) return none;
    return opened;
}

}  // namespace holdfast::operations
