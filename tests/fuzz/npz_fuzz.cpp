// Zip files with arrays of numpy: whatever stands in them, no more comes out than they say, and ids are as many as their
// array's bytes.
#include <algorithm>

#include "holdfast/agree/npy.h"
#include "holdfast/agree/zip.h"
#include "holdfast/base/text.h"

namespace {

using namespace holdfast;

class InputFile final : public host::File {
public:
    explicit InputFile(ByteView bytes) : bytes_(bytes) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) const override {
        const auto rest = bytes_.subspan(std::min<std::uint64_t>(offset, bytes_.size()));
        const auto part = rest.first(std::min(rest.size(), into.size()));
        std::ranges::copy(part, into.begin());
        return part.size();
    }
    Result<std::uint64_t> size() const override { return std::uint64_t{bytes_.size()}; }
    Result<void> write_at(std::uint64_t, ByteView) override { return refused(); }
    Result<host::FileStatus> status() const override { return refused(); }
    Result<void> resize(std::uint64_t) override { return refused(); }
    Result<void> set_owner(std::uint32_t, std::uint32_t) override { return refused(); }
    Result<void> set_mode(std::uint32_t) override { return refused(); }
    Result<void> sync() override { return refused(); }

private:
    static Error refused() { return fail(ErrorCode::bug, "only read"); }
    ByteView bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast::agree;
    const ByteView bytes = std::as_bytes(std::span(data, size));
    const InputFile file(bytes);
    LookBounds bounds;
    bounds.ids_max = 1 << 16;
    FilePull alone(file, {.offset = 0, .size = size});
    if (const auto array = read_npy(alone, NpyContent::integers, bounds)) {
        HOLDFAST_ASSERT(!array->header.is_integer() || array->integers.size() == array->header.items());
    }
    const auto zip = Zip::open(file);
    if (!zip) return 0;
    for (const auto& member : zip->members()) {
        constexpr std::uint64_t unpacked_max = 1 << 22;
        if (member.size > unpacked_max) continue;
        const auto from = zip->pull(member);
        if (!from) continue;
        const auto array = read_npy(**from, NpyContent::integers, bounds);
        HOLDFAST_ASSERT(!array || array->header.items() * array->header.item_size <= member.size);
    }
    return 0;
}
