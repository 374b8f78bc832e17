#include "holdfast/repository/envelope.h"

#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

using store::ObjectName;

class Envelopes : public ::testing::TestWithParam<Sealing> {
protected:
    Bytes seal(const Bytes& content, const ObjectName& under = ObjectName("notes/4.1"), ObjectType type = ObjectType::note) {
        return must(seal_envelope({.type = type, .record = content}, under, &keys, random));
    }

    Keys keys = test_keys(GetParam());
    tests::SeededRandom random;
    tests::MemoryStore store;
    const ObjectName name{"notes/4.1"};
    const Bytes record = random_bytes(3, 40);
};
INSTANTIATE_TEST_SUITE_P(Both, Envelopes, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(Envelopes, WhatGoesInComesOut) {
    EXPECT_TRUE(rc::check([&](const std::vector<std::uint8_t>& content) {
        const auto type = *rc::gen::inRange(1, 11);
        const Bytes plain = copy_of(std::as_bytes(std::span(content)));
        const Bytes object = seal(plain, name, static_cast<ObjectType>(type));
        const Envelope opened = must(open_envelope(object, name, &keys));
        RC_ASSERT(opened.record == plain);
        RC_ASSERT(opened.type == static_cast<ObjectType>(type));
        // The check, or the tag, and the header are all that is added.
        RC_ASSERT(object.size() == plain.size() + envelope_header_size + (keys.is_sealed() ? aead_tag_size : 32));
    }));
}

TEST_P(Envelopes, EveryFlippedBitIsNoticed) {
    const Bytes object = seal(record);
    for (std::uint64_t bit = 0; bit < object.size() * 8; ++bit) {
        EXPECT_FALSE(open_envelope(flipped(object, bit), name, &keys).ok()) << "bit " << bit;
    }
    EXPECT_THAT(open_envelope(object, name, &keys), Succeeds());
}

TEST_P(Envelopes, EveryOtherLengthIsNoticed) {
    Bytes object = seal(record);
    for (std::size_t size = 0; size < object.size(); ++size) {
        EXPECT_THAT(open_envelope(ByteView(object).first(size), name, &keys), FailsWith(ErrorCode::corrupt)) << size;
    }
    object.push_back(std::byte{0});
    EXPECT_THAT(open_envelope(object, name, &keys), FailsWith(ErrorCode::corrupt));
}

TEST_P(Envelopes, AnObjectBelongsUnderItsNameAndItsCopy) {
    const Bytes object = seal(record);
    EXPECT_THAT(open_envelope(object, copy_name(name), &keys), Succeeds());
    for (const char* other : {"notes/4.2", "notes/5.1", "snapshots/4", "notes/4.11"}) {
        EXPECT_THAT(open_envelope(object, ObjectName(other), &keys), FailsWith(ErrorCode::corrupt)) << other;
    }
}

TEST_P(Envelopes, ReadAsAnotherTypeItIsRefused) {
    store.replace(name.text(), seal(record, name, ObjectType::gap));
    EXPECT_EQ(must(get_record(store, name, ObjectType::gap, &keys)), record);
    EXPECT_THAT(get_record(store, name, ObjectType::note, &keys), FailsWith(ErrorCode::corrupt));
}

TEST_P(Envelopes, TheOtherSealingIsRefused) {
    const Keys other = test_keys(GetParam() == Sealing::plain ? Sealing::sealed : Sealing::plain);
    EXPECT_THAT(open_envelope(seal(record), name, &other), FailsWith(ErrorCode::corrupt));
}

TEST_P(Envelopes, KeptTwiceEitherIsEnough) {
    const ObjectName twice("snapshots/9");
    const Bytes object = seal(record, twice, ObjectType::snapshot);
    must(put_twice(store, twice, object));
    EXPECT_EQ(store.names(), (std::vector<std::string>{"snapshots/9", "snapshots/9.copy"}));
    const auto whole = store.contents();
    const auto read = [&](tests::MemoryStore& from) { return get_record_kept_twice(from, twice, ObjectType::snapshot, &keys); };
    for (const std::string hurt : {"snapshots/9", "snapshots/9.copy"}) {
        tests::MemoryStore dropped(whole), damaged(whole);
        dropped.drop(hurt);
        damaged.flip_bit(hurt, 450);
        EXPECT_EQ(must(read(dropped)), record);
        EXPECT_EQ(must(read(damaged)), record);
        dropped.truncate(hurt == "snapshots/9" ? "snapshots/9.copy" : "snapshots/9", 10);
        EXPECT_THAT(read(dropped), FailsWith(ErrorCode::corrupt));
    }
    tests::MemoryStore empty;
    EXPECT_THAT(read(empty), FailsWith(ErrorCode::not_found));
}

// What the store says about itself outweighs what one object looks like: it may be different on the next try.
TEST_P(Envelopes, AStoreThatCannotBeReachedIsNoDamage) {
    const ObjectName twice("snapshots/9");
    must(put_twice(store, twice, seal(record, twice, ObjectType::snapshot)));
    store.flip_bit("snapshots/9.copy", 450);
    store.ask_before([](tests::StoreStep, const std::string& which) -> Result<void> {
        if (which == "snapshots/9") return fail(ErrorCode::unavailable, "no route");
        return {};
    });
    EXPECT_THAT(get_record_kept_twice(store, twice, ObjectType::snapshot, &keys), FailsWith(ErrorCode::unavailable));
}

TEST_P(Envelopes, PutTwiceWritesTheCopyFirstAndOnlyOnce) {
    const ObjectName twice("snapshots/9");
    const Bytes mine = seal(record, twice), others = seal(random_bytes(9, 9), twice);
    store.ask_before([](tests::StoreStep, const std::string& which) -> Result<void> {
        if (which == "snapshots/9") return fail(ErrorCode::unavailable, "cut");
        return {};
    });
    EXPECT_THAT(put_twice(store, twice, mine), FailsWith(ErrorCode::unavailable));
    store.ask_before({});
    EXPECT_EQ(store.names(), std::vector<std::string>{"snapshots/9.copy"});

    // The next writer finds the copy of the one who died: the name is his, and so is the copy then.
    EXPECT_THAT(put_twice(store, twice, others), Succeeds());
    EXPECT_EQ(store.peek("snapshots/9"), others);
    EXPECT_EQ(store.peek("snapshots/9.copy"), others);
    EXPECT_THAT(put_twice(store, twice, mine), FailsWith(ErrorCode::exists));
    EXPECT_EQ(store.peek("snapshots/9.copy"), others);
}

TEST(PlainEnvelopes, AreWrittenWithoutKeysAndReadSo) {
    tests::SeededRandom random;
    const ObjectName name("config");
    const Envelope envelope{.type = ObjectType::config, .record = random_bytes(1, 10)};
    const Bytes object = must(seal_envelope(envelope, name, nullptr, random));
    EXPECT_EQ(must(open_envelope(object, name, nullptr)).record, envelope.record);
    EXPECT_EQ(object, must(seal_envelope(envelope, name, nullptr, random)));  // nothing in it is random
}

TEST(SealedEnvelopes, NeedTheirKeys) {
    tests::SeededRandom random;
    const ObjectName name("notes/1.1");
    const Keys keys = test_keys(Sealing::sealed);
    const Envelope envelope{.type = ObjectType::note, .record = copy_of(bytes_of("a secret comment"))};
    const Bytes object = must(seal_envelope(envelope, name, &keys, random));
    EXPECT_THAT(open_envelope(object, name, nullptr), FailsWith(ErrorCode::denied));
    EXPECT_EQ(text_of(object).find("secret"), std::string_view::npos);
    EXPECT_NE(object, must(seal_envelope(envelope, name, &keys, random)));  // a fresh salt each time

    std::map<std::uint32_t, SecretBytes> epochs;
    epochs.emplace(2u, test_key(99));
    const Keys others = Keys::sealed(test_key(7), std::move(epochs));
    EXPECT_THAT(open_envelope(object, name, &others), FailsWith(ErrorCode::corrupt));
}

TEST(SealedEnvelopes, OfAnEarlierEpochStayReadable) {
    tests::SeededRandom random;
    const ObjectName name("notes/1.1");
    std::map<std::uint32_t, SecretBytes> epochs;
    epochs.emplace(1u, test_key(8));
    const Keys before = Keys::sealed(test_key(7), std::move(epochs));
    const Bytes object = must(seal_envelope({.type = ObjectType::note, .record = Bytes(5)}, name, &before, random));
    const Keys now = test_keys(Sealing::sealed);
    EXPECT_EQ(must(open_envelope(object, name, &now)).record, Bytes(5));
}

TEST(Envelope, TooLargeIsRefused) {
    tests::SeededRandom random;
    const Envelope envelope{.type = ObjectType::note, .record = Bytes(16 * 1024 * 1024)};
    EXPECT_THAT(seal_envelope(envelope, ObjectName("notes/1.1"), nullptr, random), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::repository
