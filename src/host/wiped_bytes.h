// WipedBytes: room for a secret while it is being read, wiped when destroyed.
#pragma once

#include <string.h>

#include "holdfast/base/bytes.h"

namespace holdfast::host {

class WipedBytes {
public:
    explicit WipedBytes(std::size_t room) : room_(room) {}
    WipedBytes(const WipedBytes&) = delete;
    WipedBytes& operator=(const WipedBytes&) = delete;
    ~WipedBytes() { ::explicit_bzero(room_.data(), room_.size()); }

    MutableByteView rest() { return room_.span().subspan(filled_); }
    void filled_by(std::size_t size) { filled_ += size; }
    void drop_last() { --filled_; }
    void clear() { filled_ = 0; }
    ByteView view() const { return room_.view().first(filled_); }

private:
    Buffer room_;
    std::size_t filled_ = 0;
};

}  // namespace holdfast::host
