#include "holdfast/agree/npz.h"

#include <set>

#include "holdfast/agree/zip.h"
#include "holdfast/base/text.h"

namespace holdfast::agree {

namespace {

constexpr std::string_view ending = ".npy";

Result<void> take_ids(NpyArray array, const std::string& name, Look& look) {
    const auto& header = array.header;
    if (!header.is_integer() || header.shape.size() != 1) {
        return fail(ErrorCode::corrupt, "its array {} holds no ids: it is of {} with {} dimensions, and not of integers with one", printable(name), header.type, header.shape.size());
    }
    look.ids = std::move(array.integers);
    return {};
}

Result<void> take_vectors(const NpyHeader& header, const std::string& name, Look& look) {
    if (header.shape.size() != 2) return fail(ErrorCode::corrupt, "its array {} holds no vectors: it has {} dimensions, and not two", printable(name), header.shape.size());
    look.count = header.shape.front();
    look.dimension = header.shape.back();
    return {};
}

}  // namespace

Result<Look> look_at_npz(host::FileSystem& files, const std::string& path, const NpzArrays& arrays, const LookBounds& bounds) {
    const auto file = TRY(files.open_to_read(path));
    const auto zip = TRY(Zip::open(*file));
    Look look;
    look.type = "npz";
    std::set<std::string> names;
    std::uint64_t left = bounds.bytes_max;
    for (const auto& member : zip.members()) {
        const std::string name = member.name.ends_with(ending) ? member.name.substr(0, member.name.size() - ending.size()) : "";
        if (name.empty() || !names.insert(name).second) return fail(ErrorCode::corrupt, "its member {} is no array of numpy, or is there twice", printable(member.name));
        if (member.size > left) return fail(ErrorCode::unavailable, "more than {} come out of it", human_bytes(bounds.bytes_max));
        left -= member.size;
        const auto from = TRY(zip.pull(member));
        const bool are_ids = name == arrays.ids;
        auto array = read_npy(*from, are_ids ? NpyContent::integers : NpyContent::skip, bounds);
        if (!array) return std::move(array).error().while_doing("array " + printable(name));
        if (are_ids) TRY(take_ids(*std::move(array), name, look));
        else if (name == arrays.vectors) TRY(take_vectors(array->header, name, look));
    }
    if (look.ids && look.count && look.ids->size() != *look.count) {
        return fail(ErrorCode::corrupt, "it holds {} ids and {} vectors", look.ids->size(), *look.count);
    }
    if (!look.count && look.ids) look.count = look.ids->size();
    return look;
}

}  // namespace holdfast::agree
