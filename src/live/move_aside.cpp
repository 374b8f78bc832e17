#include "holdfast/live/move_aside.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/base/time.h"
#include "holdfast/live/replace.h"

namespace holdfast::live {
namespace {

constexpr std::array<const char*, 3> endings{"-journal", "-wal", "-shm"};

std::string stamp_of(Timestamp moment) {
    const auto at = civil_of(moment);
    return format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", at.year, at.month, at.day, at.hour, at.minute, at.second);
}

Result<bool> is_taken(host::FileSystem& files, const std::string& name) {
    if (TRY(host::exists(files, name))) return true;
    for (const char* ending : endings) {
        if (TRY(host::exists(files, name + ending))) return true;
    }
    return false;
}

}  // namespace

std::vector<std::string> sidecars_of(host::FileSystem& files, const std::string& path) {
    std::vector<std::string> there;
    for (const char* ending : endings) {
        if (host::exists(files, path + ending).value_or(true)) there.push_back(path + ending);
    }
    return there;
}

Result<std::string> name_aside(host::Host host, const std::string& path) {
    constexpr int numbers_max = 1000;
    const std::string base = format("{}.before-restore-{}", path, stamp_of(host.clock.now()));
    for (int number = 1; number <= numbers_max; ++number) {
        std::string name = number == 1 ? base : format("{}-{}", base, number);
        if (!TRY(is_taken(host.files, name))) return name;
    }
    return fail(ErrorCode::exists, "keep {} aside: every name of the form {}-N is taken", printable(path), printable(base));
}

Result<std::vector<std::string>> move_sidecars(host::FileSystem& files, const std::string& path,
                                               const std::string& aside) {
    std::vector<std::string> moved;
    for (const auto& sidecar : sidecars_of(files, path)) {
        const std::string name = aside + sidecar.substr(path.size());
        TRY(files.rename(sidecar, name));
        moved.push_back(name);
    }
    if (!moved.empty()) TRY(files.sync_folder(host::folder_of(path)));
    return moved;
}

Result<std::vector<std::string>> names_aside(host::Host host, const RoutePlan& plan) {
    const auto sidecars = plan.comes_to_rest ? std::vector<std::string>() : sidecars_of(host.files, plan.target);
    const bool is_there = TRY(host::exists(host.files, plan.target));
    if (!is_there && sidecars.empty()) return std::vector<std::string>();
    const std::string aside = TRY(name_aside(host, plan.target));
    std::vector<std::string> names;
    if (is_there) names.push_back(aside);
    for (const auto& sidecar : sidecars) names.push_back(aside + sidecar.substr(plan.target.size()));
    return names;
}

Result<std::vector<std::string>> keep_old_files(host::FileSystem& files, const std::string& path, const std::string& aside) {
    auto kept = files.link(path, aside);
    if (!kept && kept.error().code() != ErrorCode::unavailable) return std::move(kept).error();
    if (kept) TRY(files.sync_folder(host::folder_of(path)));
    auto moved = TRY(move_sidecars(files, path, aside));
    if (!kept) {
        // No hard links here: for a moment the name belongs to nobody.
        TRY(files.rename(path, aside));
        TRY(files.sync_folder(host::folder_of(path)));
    }
    moved.insert(moved.begin(), aside);
    return moved;
}

}  // namespace holdfast::live
