#include "holdfast/operations/own_program.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

Result<std::string> own_program(Context& context) {
    constexpr std::string_view gone = " (deleted)";  // as the kernel says it
    std::string path = TRY(context.host.files.read_link("/proc/self/exe"));
    if (path.ends_with(gone) && !TRY(host::exists(context.host.files, path))) path.resize(path.size() - gone.size());
    if (TRY(host::exists(context.host.files, path))) return path;
    return fail(ErrorCode::not_found, "find this program: {} is not there any more", printable(path)).with_advice("start it again by its new path");
}

}  // namespace holdfast::operations
