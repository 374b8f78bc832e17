// Keys that are the same in every run, so that an input stays what it was.
#pragma once

#include <algorithm>
#include <span>

#include "holdfast/repository/keys.h"

namespace holdfast::repository {

struct NoRandom final : host::Random {
    void fill(MutableByteView into) override { std::fill(into.begin(), into.end(), std::byte{1}); }
};
inline const Keys& plain_keys() {
    static const Keys keys = Keys::plain(Bytes(32, std::byte{7}));
    return keys;
}
inline const Keys& sealed_keys() {
    static const Keys keys = [] {
        std::map<std::uint32_t, SecretBytes> epochs;
        epochs.emplace(1u, SecretBytes(Bytes(32, std::byte{8})));
        return Keys::sealed(SecretBytes(Bytes(32, std::byte{7})), std::move(epochs));
    }();
    return keys;
}

}  // namespace holdfast::repository
