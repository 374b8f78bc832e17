#include "holdfast/base/inflate.h"

#include "holdfast/base/compress_stream.h"
#include "support/results.h"

namespace holdfast {
namespace {

using tests::FailsWith;
using tests::must;

// A bare stream out of what gzip is around it, which states the CRC-32 as well.
struct Gzip {
    explicit Gzip(std::string_view plain) {
        StreamCompressor compressor(StreamFormat::gzip, [&](ByteView more) -> Result<void> {
            append(bytes, more);
            return {};
        });
        must(compressor.write(bytes_of(plain)));
        must(compressor.finish());
    }
    ByteView bare() const { return ByteView(bytes).subspan(10, bytes.size() - 18); }
    std::uint32_t crc() const {
        std::uint32_t crc = 0;
        for (std::size_t i = 0; i < 4; ++i) crc |= std::to_integer<std::uint32_t>(bytes[bytes.size() - 8 + i]) << (8 * i);
        return crc;
    }
    Bytes bytes;
};

std::string some_text() {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::to_string(i * i);
    return text;
}

TEST(Inflater, GivesBackWhatWasDeflatedInWhateverSteps) {
    const auto text = some_text();
    const Gzip gzip(text);
    for (const std::size_t piece : {1u, 7u, 100'000u}) {
        Inflater inflater;
        std::string plain;
        Bytes room(piece);
        auto rest = gzip.bare();
        while (!inflater.has_ended()) {
            auto part = rest.first(std::min(rest.size(), piece));
            const auto offered = part.size();
            const auto got = must(inflater.step(part, room));
            rest = rest.subspan(offered - part.size());
            plain += text_of(std::span(room).first(got));
        }
        EXPECT_EQ(plain, text) << piece;
        EXPECT_TRUE(rest.empty());
        EXPECT_EQ(must(inflater.step(rest, room)), 0u) << "nothing comes after the end";
    }
}

TEST(Inflater, DamageAndACutAreSeen) {
    const Gzip gzip(some_text());
    Bytes room(1 << 20);
    Inflater cut;
    auto part = gzip.bare().first(1000);
    EXPECT_GT(must(cut.step(part, room)), 0u);
    EXPECT_EQ(must(cut.step(part, room)), 0u);
    EXPECT_FALSE(cut.has_ended());
    const Bytes nonsense(100, std::byte{0xff});
    Inflater damaged;
    ByteView view = nonsense;
    EXPECT_THAT(damaged.step(view, room), FailsWith(ErrorCode::corrupt));
}

TEST(Crc32, IsTheOneOfGzip) {
    EXPECT_EQ(crc32_of(bytes_of("123456789")), 0xcbf43926u);  // the check value of CRC-32
    EXPECT_EQ(crc32_of(bytes_of("6789"), crc32_of(bytes_of("12345"))), 0xcbf43926u);
    const auto text = some_text();
    EXPECT_EQ(crc32_of(bytes_of(text)), Gzip(text).crc());
}

}  // namespace
}  // namespace holdfast
