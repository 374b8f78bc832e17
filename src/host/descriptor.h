// Descriptor: owns one POSIX file descriptor. And the loop that every interruptible call needs.
#pragma once

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace holdfast::host {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() { reset(); }
    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }
    void reset() noexcept {
        if (is_open()) ::close(std::exchange(number_, -1));
    }

private:
    int number_ = -1;
};

// Calls again while a signal interrupts; the result is the last call's, errno too.
template <typename Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result == -1 && errno == EINTR) result = call();
    return result;
}

}  // namespace holdfast::host
