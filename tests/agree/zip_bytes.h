// Files as numpy writes them, and zip files whose every field a test may set wrong.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "holdfast/base/compress_stream.h"
#include "holdfast/base/inflate.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"
#include "support/results.h"

namespace holdfast::tests {

inline std::string npy(std::string_view dictionary, std::string_view content, int version = 1) {
    std::string header(dictionary);
    while ((10 + header.size() + 1) % 64 != 0) header += ' ';
    header += '\n';
    std::string out = "\x93NUMPY";
    out += static_cast<char>(version);
    out += '\0';
    for (std::size_t i = 0; i < (version == 1 ? 2u : 4u); ++i) out += static_cast<char>(header.size() >> (8 * i));
    return out + header + std::string(content);
}
template <typename Number>
std::string raw(const std::vector<Number>& numbers) {
    return std::string(text_of(std::as_bytes(std::span(numbers))));
}
inline std::string npy_of_ids(const std::vector<std::int64_t>& ids) {
    return npy(format("{{'descr': '<i8', 'fortran_order': False, 'shape': ({},), }}", ids.size()), raw(ids));
}
inline std::string npy_of_vectors(std::size_t count, std::size_t dimension) {
    return npy(format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", count, dimension), raw(std::vector<float>(count * dimension, 0.5F)));
}

struct ZipPart {
    std::string name;
    std::string plain;
    bool is_deflated = true;
    bool has_sizes64 = false;              // in the directory, as in files of more than 4 GiB
    std::optional<std::uint64_t> size = {};  // said instead of the true one
    std::optional<std::uint32_t> crc = {};
    std::uint16_t flags = 0, method = 8;
};

inline std::string deflated(const std::string& plain) {
    std::string gzip;
    StreamCompressor compressor(StreamFormat::gzip, [&](ByteView more) -> Result<void> {
        gzip += text_of(more);
        return {};
    });
    must(compressor.write(bytes_of(plain)));
    must(compressor.finish());
    constexpr std::size_t header = 10, trailer = 8;
    return gzip.substr(header, gzip.size() - header - trailer);
}

inline std::string zip(const std::vector<ZipPart>& parts) {
    ByteWriter out, directory;
    for (const auto& part : parts) {
        const auto packed = part.is_deflated ? deflated(part.plain) : part.plain;
        const auto method = static_cast<std::uint16_t>(part.is_deflated ? part.method : 0);
        const auto crc = part.crc.value_or(crc32_of(bytes_of(part.plain)));
        const auto size = part.size.value_or(part.plain.size());
        const auto offset = out.size();
        ByteWriter extra;
        if (part.has_sizes64) {
            extra.u16(1);
            extra.u16(16);
            extra.u64(size);
            extra.u64(packed.size());
        }
        const auto fields = [&](ByteWriter& into) {
            into.u16(20);
            into.u16(part.flags);
            into.u16(method);
            into.u32(0);  // time and date
            into.u32(crc);
            into.u32(part.has_sizes64 ? std::numeric_limits<std::uint32_t>::max() : static_cast<std::uint32_t>(packed.size()));
            into.u32(part.has_sizes64 ? std::numeric_limits<std::uint32_t>::max() : static_cast<std::uint32_t>(size));
            into.u16(static_cast<std::uint16_t>(part.name.size()));
            into.u16(static_cast<std::uint16_t>(extra.size()));
        };
        out.u32(0x04034b50);
        fields(out);
        out.bytes(bytes_of(part.name));
        out.bytes(extra.view());
        out.bytes(bytes_of(packed));
        directory.u32(0x02014b50);
        directory.u16(20);
        fields(directory);
        directory.u16(0);  // comment
        directory.u16(0);  // disk
        directory.u16(0);
        directory.u32(0);
        directory.u32(static_cast<std::uint32_t>(offset));
        directory.bytes(bytes_of(part.name));
        directory.bytes(extra.view());
    }
    const auto begin = out.size();
    out.bytes(directory.view());
    out.u32(0x06054b50);
    out.u32(0);
    out.u16(static_cast<std::uint16_t>(parts.size()));
    out.u16(static_cast<std::uint16_t>(parts.size()));
    out.u32(static_cast<std::uint32_t>(directory.size()));
    out.u32(static_cast<std::uint32_t>(begin));
    out.u16(0);
    return std::string(text_of(out.view()));
}

}  // namespace holdfast::tests
