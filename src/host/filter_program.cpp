#include "holdfast/host/filter_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/posix_error.h"

namespace holdfast::host {
namespace {

constexpr int secret_number = 3;
constexpr std::size_t secret_max = 32 * 1024;  // fits into a pipe that nobody reads yet
constexpr int look_every_ms = 100;             // for a wish to stop

// Out of the way of the numbers that the child has.
Result<Descriptor> moved_up(int number) {
    constexpr int above = 16;
    Descriptor low(number);
    Descriptor high(::fcntl(low.number(), F_DUPFD_CLOEXEC, above));
    if (!high.is_open()) return posix_error(errno, {"duplicate", "a descriptor"});
    return high;
}

struct Ends {
    Descriptor child, ours;
};

// What the child reads comes by a socket: writing to one whose reader is gone is an error, and no signal.
Result<Ends> input_ends(const FilterOrder& order) {
    Ends ends;
    if (!order.input.empty()) {
        const int file = uninterrupted([&] { return ::open(order.input.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); });
        if (file == -1) return posix_error(errno, {"open", order.input});
        ends.child = TRY(moved_up(file));
        return ends;
    }
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) return posix_error(errno, {"make a socket for", order.words[0]});
    ends.ours = Descriptor(pair[1]);
    ends.child = TRY(moved_up(pair[0]));
    ::shutdown(ends.ours.number(), SHUT_RD);
    return ends;
}

Result<Ends> output_ends(const FilterOrder& order) {
    Ends ends;
    if (order.output_is_ours) {
        ends.child = Descriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, secret_number + 1));
        if (!ends.child.is_open()) return posix_error(errno, {"duplicate", "standard output"});
        return ends;
    }
    if (!order.output.empty()) {
        constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
        const int file = uninterrupted([&] { return ::open(order.output.c_str(), flags, 0600); });
        if (file == -1) return posix_error(errno, {"create", order.output});
        ends.child = TRY(moved_up(file));
        return ends;
    }
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) == -1) return posix_error(errno, {"make a pipe for", order.words[0]});
    ends.ours = Descriptor(pipe[0]);
    ends.child = TRY(moved_up(pipe[1]));
    return ends;
}

// The whole secret, waiting in a pipe whose writing end is closed.
Result<Descriptor> secret_end(const SecretBytes& secret) {
    if (secret.size() > secret_max) return fail(ErrorCode::invalid, "hand over a secret: it has more than {} bytes", secret_max);
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) == -1) return posix_error(errno, {"make a pipe for", "a secret"});
    const Descriptor writing(pipe[1]);
    auto reading = TRY(moved_up(pipe[0]));
    const ByteView bytes = secret.view();
    const auto written = uninterrupted([&] { return ::write(writing.number(), bytes.data(), bytes.size()); });
    if (written != static_cast<ssize_t>(bytes.size())) return posix_error(errno, {"write", "a secret"});
    return reading;
}

struct Numbers {
    int input = -1, output = -1, complaint = -1, secret = -1;
};

// The child gets default signals and a mask without any: what this program blocks is not its business.
class FilterSettings {
public:
    explicit FilterSettings(const Numbers& numbers) {
        sigset_t none, ignored;
        ::sigemptyset(&none);
        ::sigemptyset(&ignored);
        ::sigaddset(&ignored, SIGPIPE);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &ignored);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_adddup2(&actions_, numbers.input, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, numbers.output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, numbers.complaint, STDERR_FILENO);
        if (numbers.secret != -1) ::posix_spawn_file_actions_adddup2(&actions_, numbers.secret, secret_number);
    }
    FilterSettings(const FilterSettings&) = delete;
    FilterSettings& operator=(const FilterSettings&) = delete;
    ~FilterSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    const posix_spawn_file_actions_t* actions() const { return &actions_; }
    const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

struct FilterProgram::State {
    std::string name;
    std::stop_token stop;
    pid_t process = 0;  // 0: has been waited for
    Descriptor input, output, complaint;

    ~State() {
        if (process == 0) return;
        ::kill(process, SIGKILL);
        static_cast<void>(uninterrupted([&] { return ::waitpid(process, nullptr, 0); }));
    }
    // Until the descriptor can be read or written, or somebody wants to stop.
    Result<void> wait_for(const Descriptor& descriptor, short event) const {
        for (;;) {
            pollfd wanted{.fd = descriptor.number(), .events = event, .revents = 0};
            const int ready = ::poll(&wanted, 1, look_every_ms);
            if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped on request");
            if (ready > 0) return {};
            if (ready == -1 && errno != EINTR) return posix_error(errno, {"wait for", name});
        }
    }
    std::string complaint_text() const {
        constexpr std::size_t kept_max = 4096;
        std::string text(kept_max, '\0');
        const auto got = uninterrupted([&] { return ::pread(complaint.number(), text.data(), text.size(), 0); });
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
};

FilterProgram::FilterProgram(std::unique_ptr<State> state) : state_(std::move(state)) {}
FilterProgram::FilterProgram(FilterProgram&&) noexcept = default;
FilterProgram& FilterProgram::operator=(FilterProgram&&) noexcept = default;
FilterProgram::~FilterProgram() = default;

Result<FilterProgram> FilterProgram::start(const FilterOrder& order) {
    auto state = std::make_unique<State>();
    state->name = order.words.front();
    state->stop = order.stop;
    auto input = TRY(input_ends(order));
    auto output = TRY(output_ends(order));
    state->complaint = TRY(moved_up(::memfd_create("complaint", MFD_CLOEXEC)));
    Descriptor secret;
    if (order.secret != nullptr) secret = TRY(secret_end(*order.secret));
    const FilterSettings settings({.input = input.child.number(), .output = output.child.number(),
                                   .complaint = state->complaint.number(), .secret = secret.number()});
    std::vector<std::string> words = order.words;
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int failed = ::posix_spawnp(&state->process, arguments[0], settings.actions(), settings.attributes(), arguments.data(), ::environ);
    if (failed != 0) state->process = 0;
    if (failed == ENOENT) return fail(ErrorCode::not_found, "run {}: there is no such program", state->name);
    if (failed != 0) return posix_error(failed, {"run", state->name});
    state->input = std::move(input.ours);
    state->output = std::move(output.ours);
    return FilterProgram(std::move(state));
}

Result<std::size_t> FilterProgram::read(MutableByteView into) {
    HOLDFAST_ASSERT(state_->output.is_open() && !into.empty());
    TRY(state_->wait_for(state_->output, POLLIN));
    const auto got = uninterrupted([&] { return ::read(state_->output.number(), into.data(), into.size()); });
    if (got == -1) return posix_error(errno, {"read the output of", state_->name});
    return static_cast<std::size_t>(got);
}

Result<void> FilterProgram::write(ByteView bytes) {
    HOLDFAST_ASSERT(state_->input.is_open());
    while (!bytes.empty()) {
        TRY(state_->wait_for(state_->input, POLLOUT));
        const auto sent = uninterrupted([&] { return ::send(state_->input.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); });
        if (sent == -1 && errno == EAGAIN) continue;
        if (sent == -1) return fail(ErrorCode::unavailable, "give bytes to {}: it takes no more", state_->name);
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<FilterEnd> FilterProgram::finish() {
    state_->input.reset();
    state_->output.reset();
    int status = 0;
    for (;;) {
        const pid_t ended = uninterrupted([&] { return ::waitpid(state_->process, &status, state_->stop.stop_possible() ? WNOHANG : 0); });
        if (ended == -1) return posix_error(errno, {"wait for", state_->name});
        if (ended == state_->process) break;
        if (state_->stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped on request");
        constexpr int look_ms = 5;
        ::poll(nullptr, 0, look_ms);
    }
    state_->process = 0;
    FilterEnd end;
    end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    end.complaint = state_->complaint_text();
    return end;
}

}  // namespace holdfast::host
