#include "holdfast/operations/chosen_databases.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

Result<std::string> path_named(Context& context, const DatabasesToChooseFrom& there, const std::string& name) {
    const std::string path = TRY(host::canonical_or_future(context.host.files, name));
    std::vector<std::string> found;
    std::string listed;
    for (const auto& one : there.paths) {
        if (one == path || one == name) return one;
        if (one.ends_with("/" + name)) found.push_back(one);
        listed += (listed.empty() ? "" : ", ") + printable(one);
    }
    if (found.size() == 1) return found.front();
    return fail(ErrorCode::not_found, "{} {}: {} has {}", there.doing, printable(name), there.where, listed).with_advice("--only with one of these paths");
}

}  // namespace

Result<std::set<std::string>> chosen_databases(Context& context, const DatabasesToChooseFrom& there, const std::vector<std::string>& only) {
    std::set<std::string> chosen;
    for (const auto& name : only) chosen.insert(TRY(path_named(context, there, name)));
    return chosen;
}

}  // namespace holdfast::operations
