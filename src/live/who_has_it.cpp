#include "holdfast/live/who_has_it.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::live {
namespace {

Result<host::Openers> openers_of_one(host::Host host, const std::string& path) {
    const auto status = TRY(host::status_if_any(host.files, path));
    if (!status) return host::Openers{.found = {}, .saw_every_process = true};
    return host::who_has_open({status->device, status->inode});
}

}  // namespace

host::Openers openers_of(host::Host host, const std::string& path) {
    host::Openers all{.found = {}, .saw_every_process = true};
    for (const char* ending : {"", "-wal", "-shm", "-journal"}) {
        const auto openers = openers_of_one(host, path + ending);
        all.saw_every_process = all.saw_every_process && openers && openers->saw_every_process;
        if (!openers) continue;
        for (const auto& one : openers->found) {
            const bool known = std::ranges::any_of(
                all.found, [&](const host::Opener& other) { return other.process == one.process; });
            if (!known) all.found.push_back(one);
        }
    }
    return all;
}

std::string in_words(const host::Openers& openers) {
    constexpr std::size_t named_max = 5;
    std::string words;
    for (std::size_t i = 0; i < std::min(openers.found.size(), named_max); ++i) {
        const auto& one = openers.found[i];
        words += format("{}process {} ({})", i == 0 ? "" : ", ", one.process, printable(one.command));
    }
    if (openers.found.size() > named_max) words += format(" and {} more", openers.found.size() - named_max);
    return words;
}

}  // namespace holdfast::live
