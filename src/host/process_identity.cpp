#include "holdfast/host/process_identity.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/host/proc.h"

namespace holdfast::host {
namespace {

std::string look_up_boot_id() {
    const auto text = read_proc("/proc/sys/kernel/random/boot_id");
    return text ? std::string(trim(*text)) : "";
}

// machine-id(5) asks that the id itself is kept private.
std::string look_up_machine_id() {
    const auto text = read_proc("/etc/machine-id");
    if (!text || trim(*text).empty()) return "";
    constexpr std::size_t digits = 32;
    return sha256(bytes_of("holdfast machine " + std::string(trim(*text)))).hex().substr(0, digits);
}

std::uint64_t pid_namespace() {
    struct stat status{};
    return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

bool is_plain(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

}  // namespace

std::string ProcessIdentity::text() const {
    return format("{}.{}.{}.{}.{}", process, start_ticks, boot_id, machine_id, pid_namespace);
}

Result<ProcessIdentity> ProcessIdentity::parse(std::string_view text) {
    const auto fields = split(text, '.');
    const auto wrong = [&] { return fail(ErrorCode::corrupt, "read a process identity: {}", printable(text)); };
    constexpr std::size_t field_count = 5, size_max = 256;
    if (fields.size() != field_count || text.size() > size_max) return wrong();
    const auto process = parse_integer<std::int64_t>(fields[0]);
    const auto start_ticks = parse_integer<std::uint64_t>(fields[1]);
    const auto pid_namespace = parse_integer<std::uint64_t>(fields[4]);
    if (!process || *process <= 0 || !start_ticks || !pid_namespace) return wrong();
    if (!is_plain(fields[2]) || !is_plain(fields[3])) return wrong();
    return ProcessIdentity{*process, *start_ticks, fields[2], fields[3], *pid_namespace};
}

// What outlives every process is looked up once; the rest is another one's after a fork.
const std::string& this_machine() {
    static const std::string id = look_up_machine_id();
    return id;
}

ProcessIdentity this_process() {
    static const std::string boot_id = look_up_boot_id();
    const auto stat = stat_of_process(::getpid());
    return {::getpid(), stat ? stat->start_ticks : 0, boot_id, this_machine(), pid_namespace()};
}

// A boot id belongs to one start of one machine: equal ids mean the same kernel still runs. Different ids on a machine
// that is known to be the same mean that it was started again, and nothing survives that.
Alive is_alive(const ProcessIdentity& process) {
    const auto here = this_process();
    if (process.boot_id.empty() || here.boot_id.empty()) return Alive::unknown;
    if (process.boot_id != here.boot_id) {
        const bool same_machine = !here.machine_id.empty() && process.machine_id == here.machine_id;
        return same_machine ? Alive::no : Alive::unknown;
    }
    if (process.pid_namespace != here.pid_namespace) return Alive::unknown;
    if (const auto stat = stat_of_process(process.process)) {
        const bool ended = stat->state == 'Z' || stat->state == 'X';  // a zombie only waits to be noticed
        return !ended && stat->start_ticks == process.start_ticks ? Alive::yes : Alive::no;
    }
    // /proc may hide what kill() still reaches.
    const bool gone = ::kill(static_cast<pid_t>(process.process), 0) == -1 && errno == ESRCH;
    return gone ? Alive::no : Alive::unknown;
}

}  // namespace holdfast::host
