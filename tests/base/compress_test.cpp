#include "holdfast/base/compress.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast {
namespace {

using namespace tests;

Bytes text_like(std::size_t size, unsigned seed) {
    static constexpr std::string_view words[] = {"session", "prompt", "{\"tool\":\"Read\"}", "observation", "\n", "path/to/file.cc", "0.25", "NULL"};
    Bytes out;
    for (std::uint64_t n = seed; out.size() < size; n = n * 6364136223846793005u + 1442695040888963407u) append(out, bytes_of(words[(n >> 33) % std::size(words)]));
    out.resize(size);
    return out;
}

RC_GTEST_PROP(Compress, RoundTripsAnything, (const std::vector<std::uint8_t>& input)) {
    const Bytes plain = copy_of(std::as_bytes(std::span(input)));
    Compressor compressor(3);
    Decompressor decompressor;
    const auto frame = compressor.compress(plain);
    RC_ASSERT(frame.ok());
    Bytes out(plain.size());
    RC_ASSERT(decompressor.decompress(*frame, out).ok());
    RC_ASSERT(out == plain);
}

TEST(Compress, APrefixMakesARepeatCostAlmostNothing) {
    const Bytes base = text_like(65'536, 1);
    Bytes changed = base;
    changed[30'000] ^= std::byte{1};
    Compressor compressor(3);
    const auto alone = compressor.compress(changed);
    const auto after = compressor.compress_after(base, changed);
    ASSERT_TRUE(alone.ok() && after.ok());
    EXPECT_LT(after->size(), 200u);
    EXPECT_LT(after->size() * 10, alone->size());
    Bytes out(changed.size());
    Decompressor decompressor;
    ASSERT_TRUE(decompressor.decompress_after(base, *after, out).ok());
    EXPECT_EQ(out, changed);
    const auto plain_again = compressor.compress(changed);  // the prefix is for one frame only
    ASSERT_TRUE(plain_again.ok());
    ASSERT_TRUE(decompressor.decompress(*plain_again, out).ok());
    EXPECT_EQ(out, changed);
}

TEST(Compress, ADictionaryHelpsAndIsNeeded) {
    Bytes samples;
    std::vector<std::size_t> sizes;
    for (unsigned i = 0; i < 200; ++i) {
        const Bytes sample = text_like(4096, i);
        append(samples, sample);
        sizes.push_back(sample.size());
    }
    const auto trained = train_dictionary(samples, sizes, 16 * 1024);
    ASSERT_TRUE(trained.ok());
    ASSERT_FALSE(trained->empty());
    EXPECT_LE(trained->size(), 16u * 1024);
    const auto dictionary = Dictionary::load(*trained, 3);
    ASSERT_TRUE(dictionary.ok());
    const Bytes page = text_like(4096, 12'345);
    Compressor compressor(3);
    Decompressor decompressor;
    const auto with = compressor.compress(page, &*dictionary);
    const auto without = compressor.compress(page);
    ASSERT_TRUE(with.ok() && without.ok());
    EXPECT_LT(with->size(), without->size());
    Bytes out(page.size());
    ASSERT_TRUE(decompressor.decompress(*with, out, &*dictionary).ok());
    EXPECT_EQ(out, page);
    const auto wrong = decompressor.decompress(*with, out);
    EXPECT_TRUE(!wrong.ok() || out != page);
}

TEST(Compress, TooFewSamplesMakeNoDictionary) {
    const Bytes sample = text_like(100, 1);
    const auto trained = train_dictionary(sample, {sample.size()}, 16 * 1024);
    ASSERT_TRUE(trained.ok());
    EXPECT_TRUE(trained->empty());
}

TEST(Decompress, RefusesLyingSizesAndGarbage) {
    const Bytes plain = text_like(10'000, 3);
    Compressor compressor(3);
    const auto frame = compressor.compress(plain);
    ASSERT_TRUE(frame.ok());
    Decompressor decompressor;
    for (const std::size_t size : {0u, 9'999u, 10'001u, 100'000u}) {
        Bytes out(size);
        const auto done = decompressor.decompress(*frame, out);
        ASSERT_FALSE(done.ok()) << size;
        EXPECT_EQ(done.error().code(), ErrorCode::corrupt);
    }
    Bytes out(10'000);
    EXPECT_FALSE(decompressor.decompress(ByteView(*frame).first(frame->size() / 2), out).ok());
    EXPECT_FALSE(decompressor.decompress(bytes_of("not a frame"), out).ok());
    EXPECT_TRUE(decompressor.decompress(*frame, out).ok());
}

TEST(Compress, AFrameOwnsNoMoreThanItsSize) {  // thousands of them wait in a pack
    const auto frame = Compressor(3).compress(Bytes(65'536));
    ASSERT_TRUE(frame.ok());
    EXPECT_LT(frame->size(), 100u);
    EXPECT_LE(frame->capacity(), frame->size());
}

RC_GTEST_PROP(Compress, PrefixesRoundTripAnything, (const std::vector<std::uint8_t>& first, const std::vector<std::uint8_t>& second)) {
    const ByteView prefix = std::as_bytes(std::span(first)), plain = std::as_bytes(std::span(second));
    Compressor compressor(3);
    Decompressor decompressor;
    const auto frame = compressor.compress_after(prefix, plain);
    RC_ASSERT(frame.ok());
    Bytes out(plain.size());
    RC_ASSERT(decompressor.decompress_after(prefix, *frame, out).ok());
    RC_ASSERT(out == copy_of(plain));
}

TEST(Compress, FramesDependOnNothingThatCameBefore) {
    const Bytes one = text_like(30'000, 1), two = text_like(30'000, 2);
    const auto alone = Compressor(3).compress(two);
    Compressor used(3);
    ASSERT_TRUE(used.compress(one).ok());
    ASSERT_TRUE(used.compress_after(one, two).ok());
    Compressor moved = std::move(used);
    const auto after = moved.compress(two);
    ASSERT_TRUE(alone.ok() && after.ok());
    EXPECT_EQ(*after, *alone);
}

TEST(Decompress, RefusesMoreThanOneFrame) {
    const Bytes plain = text_like(1000, 5);
    const auto frame = Compressor(3).compress(plain);
    ASSERT_TRUE(frame.ok());
    Decompressor decompressor;
    Bytes twice = *frame;
    append(twice, *frame);
    Bytes out(2000);
    EXPECT_FALSE(decompressor.decompress(twice, out).ok());
    EXPECT_FALSE(decompressor.decompress_after(plain, twice, out).ok());
    Bytes followed = *frame;
    append(followed, must(from_hex("502a4d1804000000deadbeef")));  // a skippable frame of four bytes
    out.resize(1000);
    const auto done = decompressor.decompress(followed, out);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code(), ErrorCode::corrupt);
}

RC_GTEST_PROP(Decompress, DamageIsAnErrorOrOtherBytesAndTheNextFrameIsUnharmed, (std::uint32_t at, std::uint8_t flip, std::uint32_t cut)) {
    const Bytes plain = text_like(5'000, 8);
    const Bytes frame = Compressor(3).compress(plain).value();
    Bytes damaged = frame;
    damaged[at % damaged.size()] ^= std::byte{flip};
    damaged.resize(damaged.size() - cut % 3);
    Decompressor decompressor;
    Bytes out(plain.size());
    for (const auto& done : {decompressor.decompress(damaged, out), decompressor.decompress_after(plain, damaged, out)})
        if (!done.ok()) RC_ASSERT(done.error().code() == ErrorCode::corrupt);
    RC_ASSERT(decompressor.decompress(frame, out).ok());
    RC_ASSERT(out == plain);
}

TEST(Decompress, NeedsTheSamePrefix) {
    const Bytes base = text_like(10'000, 6);
    const Bytes changed = text_like(10'000, 6);
    const auto frame = Compressor(3).compress_after(base, changed);
    ASSERT_TRUE(frame.ok());
    Bytes out(changed.size());
    const auto wrong = Decompressor().decompress_after(ByteView(base).first(100), *frame, out);
    EXPECT_TRUE(!wrong.ok() || out != changed);
}

TEST(Dictionary, GarbageIsNotOne) {
    for (const ByteView bytes : {ByteView(), bytes_of("7 bytes"), bytes_of("\x37\xa4\x30\xec but nothing after the magic number")}) {
        EXPECT_THAT(Dictionary::load(bytes, 3), FailsWith(ErrorCode::corrupt)) << text_of(bytes);
        EXPECT_THAT(Dictionary::load_to_decompress(bytes), FailsWith(ErrorCode::corrupt)) << text_of(bytes);
    }
}

TEST(Dictionary, PlainContentServesAsOne) {
    const Bytes content = text_like(5000, 21);
    const Dictionary dictionary = must(Dictionary::load(content, 3));
    const Bytes frame = must(Compressor(3).compress(content, &dictionary));
    EXPECT_LT(frame.size(), 100u);
    Bytes out(content.size());
    EXPECT_THAT(Decompressor().decompress(frame, out, &dictionary), Succeeds());
    EXPECT_EQ(out, content);
    EXPECT_THAT(Decompressor().decompress(frame, out), FailsWith(ErrorCode::corrupt));
}

// One decompressor for several dictionaries in turn, also where one has taken the memory of another.
TEST(Dictionary, EachFrameIsReadWithItsOwn) {
    Compressor compressor(3);
    Decompressor decompressor;
    const auto first_content = text_like(5000, 1);
    const Dictionary first = must(Dictionary::load(first_content, 3));
    const Bytes first_text = text_like(4096, 1), first_frame = must(compressor.compress(first_text, &first));
    for (unsigned i = 2; i < 20; ++i) {
        const Dictionary other = must(Dictionary::load_to_decompress(text_like(5000, i)));
        const Bytes text = text_like(4096, i), frame = [&] {
            const Dictionary to_compress = must(Dictionary::load(text_like(5000, i), 3));
            return must(Compressor(3).compress(text, &to_compress));
        }();
        Bytes out(text.size());
        ASSERT_THAT(decompressor.decompress(frame, out, &other), Succeeds());
        ASSERT_EQ(out, text);
        const auto wrong = decompressor.decompress(frame, out, &first);
        EXPECT_TRUE(!wrong.ok() || out != text);
        ASSERT_THAT(decompressor.decompress(first_frame, out, &first), Succeeds());
        ASSERT_EQ(out, first_text);
    }
}

TEST(Dictionary, ChunksOfAnySizeAreReadWithIt) {
    const Dictionary dictionary = must(Dictionary::load(text_like(5000, 4), 3));
    Decompressor decompressor;
    for (const std::size_t size : {1u, 100u, 65'535u, 65'536u, 65'537u, 300'000u, 1u, 100u, 65'535u, 65'536u, 65'537u}) {
        const Bytes text = text_like(size, 4);
        const Bytes frame = must(Compressor(3).compress(text, &dictionary));
        Bytes out(size);
        ASSERT_THAT(decompressor.decompress(frame, out, &dictionary), Succeeds()) << size;
        EXPECT_EQ(out, text) << size;
        Bytes larger(size + 1), smaller(size - 1);
        EXPECT_THAT(decompressor.decompress(frame, larger, &dictionary), FailsWith(ErrorCode::corrupt)) << size;
        EXPECT_THAT(decompressor.decompress(frame, smaller, &dictionary), FailsWith(ErrorCode::corrupt)) << size;
    }
}

TEST(DictionaryDeathTest, OneThatOnlyDecompressesDoesNotCompress) {
    const Dictionary dictionary = must(Dictionary::load_to_decompress(text_like(5000, 4)));
    EXPECT_DEATH(static_cast<void>(Compressor(3).compress(text_like(100, 1), &dictionary)), "broken promise");
}

TEST(DictionaryDeathTest, SampleSizesThatDoNotFitAreABrokenPromise) { EXPECT_DEATH(train_dictionary(Bytes(10), {11}, 1024).ok(), "broken promise"); }

}  // namespace
}  // namespace holdfast
