#include "holdfast/host/secrets.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/posix_error.h"
#include "holdfast/host/run_program.h"
#include "holdfast/host/wiped_bytes.h"

namespace holdfast::host {
namespace {

constexpr std::string_view the_command = "the secret's command";  // its text may hold a secret itself

Result<SecretBytes> without_last_newline(ByteView bytes, std::string_view where, std::size_t size_min = 0) {
    if (bytes.size() > size_min && bytes.back() == std::byte{'\n'}) bytes = bytes.first(bytes.size() - 1);
    if (bytes.empty()) {
        return fail(ErrorCode::invalid, "read the secret from {}: it is empty", where).with_advice("the whole of it but a last newline is the secret");
    }
    return SecretBytes(bytes);
}

Result<void> judge(const ProgramEnd& end, const CommandLimits& limits) {
    if (end.ending == ProgramEnding::time_limit) {
        return fail(ErrorCode::unavailable, "{} did not end within {}", the_command, human_duration_ms(static_cast<double>(limits.time_ms_max)));
    }
    if (end.is_success()) return {};
    auto error = fail(ErrorCode::unavailable, "{} {}", the_command, end.text());
    return end.signal == 0 ? std::move(error).with_advice("run it in a shell to see what is wrong") : std::move(error);
}

}  // namespace

Result<SecretBytes> secret_from_command(const std::string& command, CommandLimits limits) {
    WipedBytes output(limits.output_max + 1);
    ProgramOrder order;
    order.words = shell_words(command);
    order.place = ProgramPlace::beside;  // it may ask on the terminal
    order.output = ProgramOutput::taken;
    order.take = [&](ByteView more) {
        const auto room = output.rest();
        const auto taken = more.first(std::min(more.size(), room.size()));
        std::ranges::copy(taken, room.begin());
        output.filled_by(taken.size());
        return !output.rest().empty();
    };
    order.time_ms_max = limits.time_ms_max;
    order.grace_ms = 1'000;
    auto ran = run_program(order);
    if (!ran) return std::move(ran).error().while_doing(the_command);
    if (output.rest().empty()) return fail(ErrorCode::invalid, "{} printed more than {} bytes", the_command, limits.output_max);
    TRY(judge(*ran, limits));
    return without_last_newline(output.view(), the_command);
}

Result<SecretBytes> key_from_file(const std::string& path, std::size_t size_min) {
    constexpr std::size_t size_max = 64 * 1024;
    const Descriptor file(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); }));
    if (!file.is_open()) return posix_error(errno, {"open the secret's file", path}).with_advice("check its path, and that this user may read it");
    WipedBytes bytes(size_max + 1);
    for (;;) {
        const auto rest = bytes.rest();
        if (rest.empty()) {
            return fail(ErrorCode::invalid, "read the secret's file {}: it is larger than 64 KiB", printable(path));
        }
        const auto got = uninterrupted([&] { return ::read(file.number(), rest.data(), rest.size()); });
        if (got == -1) return posix_error(errno, {"read the secret's file", path});
        if (got == 0) return without_last_newline(bytes.view(), printable(path), size_min);
        bytes.filled_by(static_cast<std::size_t>(got));
    }
}

Result<SecretBytes> secret_from_file(const std::string& path) { return key_from_file(path, 0); }

}  // namespace holdfast::host
