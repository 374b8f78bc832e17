#include "holdfast/repository/keys.h"

#include <atomic>
#include <thread>

#include "holdfast/base/record.h"
#include "holdfast/repository/envelope.h"
#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr PasswordCost cheap{.passes = 1, .memory_kib = 8};
constexpr std::string_view password_text = "correct horse battery";

Unlock password(std::string_view text = password_text) { return {.password = SecretBytes(bytes_of(text)), .key = {}}; }
Unlock key(std::uint8_t fill = 5) { return {.password = {}, .key = test_key(fill)}; }

class Configs : public ::testing::Test {
protected:
    Result<Config> create(const Unlock& unlock) {
        return create_config(store, test_host(random), unlock, {.file_mode = 0640, .folder_mode = 0750, .cost = cheap});
    }
    bool holds(std::string_view secret) const {
        for (const auto& [name, bytes] : store.contents()) {
            if (text_of(bytes).find(secret) != std::string_view::npos) return true;
        }
        return false;
    }
    std::string slot() const { return store.names("keys/").front(); }

    tests::SeededRandom random;
    tests::MemoryStore store;
};

TEST_F(Configs, PlainOpensAsItWasMade) {
    const Config made = must(create({}));
    const OpenedConfig opened = must(open_config(store, {}));
    EXPECT_EQ(opened.config.id, made.id);
    EXPECT_EQ(opened.config.created, made.created);
    EXPECT_EQ(opened.config.file_mode, 0640u);
    EXPECT_EQ(opened.config.folder_mode, 0750u);
    EXPECT_FALSE(opened.config.sealed);
    EXPECT_FALSE(opened.keys.is_sealed());
    EXPECT_FALSE(must(read_config(store)).sealed);
    EXPECT_EQ(store.names(), (std::vector<std::string>{"config", "config.copy"}));
}

TEST_F(Configs, SealedOpensWithItsPasswordAlone) {
    must(create(password()));
    EXPECT_TRUE(must(read_config(store)).sealed);
    const OpenedConfig opened = must(open_config(store, password()));
    EXPECT_TRUE(opened.keys.is_sealed());
    EXPECT_EQ(opened.keys.newest_epoch(), 1u);
    EXPECT_THAT(open_config(store, {}), FailsWith(ErrorCode::denied));
    EXPECT_THAT(open_config(store, key()), FailsWith(ErrorCode::denied));
    const auto wrong = open_config(store, password("hunter2hunter2"));
    ASSERT_THAT(wrong, FailsWith(ErrorCode::denied));
    EXPECT_THAT(wrong.error().text(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(wrong.error().text(), HasSubstr("password is wrong"));
}

TEST_F(Configs, SealedOpensWithItsKeyAlone) {
    must(create(key(5)));
    EXPECT_THAT(open_config(store, key(5)), Succeeds());
    EXPECT_THAT(open_config(store, key(6)), FailsWith(ErrorCode::denied));
    EXPECT_THAT(open_config(store, password()), FailsWith(ErrorCode::denied));
    EXPECT_THAT(open_config(store, {}), FailsWith(ErrorCode::denied));
}

TEST_F(Configs, NoSecretLiesInTheStore) {
    must(create(password()));
    const OpenedConfig opened = must(open_config(store, password()));
    EXPECT_FALSE(holds(password_text));
    EXPECT_FALSE(holds(text_of(opened.keys.id_key().view())));
    EXPECT_FALSE(holds(text_of(opened.keys.epochs().at(1).view())));
    EXPECT_TRUE(holds(config_text));  // the search itself works
}

TEST_F(Configs, UnreasonableSecretsAreRefusedBeforeAnythingIsWritten) {
    EXPECT_THAT(create(password("")), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(create({.password = {}, .key = SecretBytes(Bytes(31, std::byte{1}))}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(create({.password = test_key(1), .key = test_key(2)}), FailsWith(ErrorCode::invalid));
    EXPECT_TRUE(store.names().empty());
}

TEST_F(Configs, ASecretForAPlainRepositoryIsRefused) {
    must(create({}));
    EXPECT_THAT(open_config(store, password()), FailsWith(ErrorCode::invalid));
}

TEST_F(Configs, NothingThereIsNotFound) {
    EXPECT_THAT(open_config(store, {}), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(read_config(store), FailsWith(ErrorCode::not_found));
}

TEST_F(Configs, ASecondOneIsRefusedAlsoWhereOnlyACopyIsLeft) {
    must(create({}));
    EXPECT_THAT(create({}), FailsWith(ErrorCode::exists));
    store.drop("config");
    EXPECT_THAT(create({}), FailsWith(ErrorCode::exists));
    EXPECT_THAT(open_config(store, {}), Succeeds());
}

TEST_F(Configs, EitherCopyOfConfigAndSlotIsEnough) {
    must(create(password()));
    const auto whole = store.contents();
    for (const auto& [name, bytes] : whole) {
        tests::MemoryStore without(whole);
        without.drop(name);
        EXPECT_THAT(open_config(without, password()), Succeeds()) << name;
        for (std::uint64_t bit = 0; bit < bytes.size() * 8; bit += 37) {
            tests::MemoryStore damaged(whole);
            damaged.flip_bit(name, bit);
            EXPECT_THAT(open_config(damaged, password()), Succeeds()) << name << " bit " << bit;
        }
    }
}

TEST_F(Configs, EveryBitOfBothConfigsIsProven) {
    must(create({}));
    for (std::uint64_t bit = 0; bit < store.peek("config")->size() * 8; ++bit) {
        tests::MemoryStore damaged(store.contents());
        damaged.flip_bit("config", bit);
        damaged.flip_bit("config.copy", bit);
        EXPECT_FALSE(open_config(damaged, {}).ok()) << "bit " << bit;
    }
}

TEST_F(Configs, EveryBitOfBothSlotsIsProven) {
    must(create(key()));
    for (std::uint64_t bit = 0; bit < store.peek(slot())->size() * 8; ++bit) {
        tests::MemoryStore damaged(store.contents());
        damaged.flip_bit(slot(), bit);
        damaged.flip_bit(slot() + ".copy", bit);
        EXPECT_THAT(open_config(damaged, key()), FailsWith(ErrorCode::denied)) << "bit " << bit;
    }
}

// Whoever can write to the store can make a config whose check is right; the slot notices that it is another.
TEST_F(Configs, ASlotProvesItsConfig) {
    must(create(key()));
    tests::MemoryStore other;
    must(create_config(other, test_host(random), key(), {.cost = cheap}));
    for (const std::string name : {"config", "config.copy"}) store.replace(name, *other.peek(name));
    EXPECT_THAT(open_config(store, key()), FailsWith(ErrorCode::denied));
}

TEST_F(Configs, AnotherFormatIsRefusedByName) {
    must(create({}));
    const auto whole = store.contents();
    const auto in_format = [&](std::uint8_t format) {
        for (const std::string name : {"config", "config.copy"}) {
            Bytes bytes = whole.at(name);
            bytes[8] = std::byte{format};
            store.replace(name, bytes);
        }
        return open_config(store, {});
    };
    const auto draft = in_format(0xD1);
    ASSERT_THAT(draft, FailsWith(ErrorCode::too_new));
    EXPECT_THAT(draft.error().message(),
                HasSubstr("this repository was written in format 0xD1 (draft 1); this program reads version 1"));
    const auto later = in_format(0x02);
    ASSERT_THAT(later, FailsWith(ErrorCode::too_new));
    EXPECT_THAT(later.error().message(), HasSubstr("format 0x02 (version 2)"));
}

TEST_F(Configs, AfterAnyFailedStepThereIsNoRepositoryOrAWholeOne) {
    int failing = 0;
    for (bool was_cut = true; was_cut;) {
        ++failing;
        tests::MemoryStore cut;
        int step = 0;
        cut.ask_before([&](tests::StoreStep, const std::string&) -> Result<void> {
            if (++step == failing) return fail(ErrorCode::unavailable, "cut");
            return {};
        });
        const auto made = create_config(cut, test_host(random), key(), {.cost = cheap});
        cut.ask_before({});
        was_cut = step >= failing;
        EXPECT_EQ(made.ok(), !was_cut);
        const auto opened = open_config(cut, key());
        if (opened) continue;
        EXPECT_THAT(opened, FailsWith(ErrorCode::not_found)) << "step " << failing;
        EXPECT_THAT(create_config(cut, test_host(random), key(), {.cost = cheap}), Succeeds());
    }
    EXPECT_EQ(failing - 1, 6);  // two looks and four puts were cut, one by one
}

TEST_F(Configs, OfManyAtOnceOneSucceeds) {
    for (int round = 0; round < 20; ++round) {
        tests::MemoryStore contested;
        std::atomic<int> made = 0;
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&] {
                    if (create_config(contested, test_host(random), {}, {})) ++made;
                });
            }
        }
        EXPECT_EQ(made, 1);
        EXPECT_THAT(open_config(contested, {}), Succeeds());
        EXPECT_EQ(contested.peek("config"), contested.peek("config.copy"));
    }
}

TEST_F(Configs, ASlotThatAsksForEndlessWorkIsNotTried) {
    must(create(password()));
    const store::ObjectName name(slot().c_str());
    for (const std::uint64_t passes : {std::uint64_t{65}, std::uint64_t{1} << 40}) {
        RecordWriter record;
        record.number(1, 1);
        record.bytes(3, Bytes(16));
        record.number(5, passes);
        record.number(7, 8);
        record.bytes(9, Bytes(100));
        const Envelope envelope{.type = ObjectType::key_slot, .record = std::move(record).take()};
        const Bytes object = must(seal_envelope(envelope, name, nullptr, random));
        store.replace(slot(), object);
        store.replace(slot() + ".copy", object);
        EXPECT_THAT(open_config(store, password()), FailsWith(ErrorCode::denied));
    }
}

TEST(Keys, NamesDependOnKeyTypeAndBytes) {
    const Keys one = Keys::plain(test_key(1).view());
    const Keys other = Keys::plain(test_key(2).view());
    const Bytes bytes = random_bytes(1, 100);
    EXPECT_EQ(one.name_of(ChunkType::extent, bytes), one.name_of(ChunkType::extent, bytes));
    EXPECT_NE(one.name_of(ChunkType::extent, bytes), other.name_of(ChunkType::extent, bytes));
    EXPECT_NE(one.name_of(ChunkType::extent, bytes), one.name_of(ChunkType::node, bytes));
    EXPECT_NE(one.domain(), other.domain());
    EXPECT_EQ(one.domain(), Keys::plain(test_key(1).view()).domain());
}

TEST(Keys, CiphersDependOnEpochSaltAndPurpose) {
    const Keys keys = test_keys(Sealing::sealed);
    const Bytes salt = random_bytes(1, 32), other_salt = random_bytes(2, 32), plain = random_bytes(3, 50);
    const Bytes sealed = must(keys.cipher(2, salt, "a")).seal({}, plain);
    EXPECT_EQ(must(must(keys.cipher(2, salt, "a")).open({}, sealed)), plain);
    EXPECT_FALSE(must(keys.cipher(1, salt, "a")).open({}, sealed).ok());
    EXPECT_FALSE(must(keys.cipher(2, other_salt, "a")).open({}, sealed).ok());
    EXPECT_FALSE(must(keys.cipher(2, salt, "b")).open({}, sealed).ok());
    EXPECT_THAT(keys.cipher(3, salt, "a"), FailsWith(ErrorCode::denied));
    EXPECT_THAT(test_keys(Sealing::plain).cipher(1, salt, "a"), FailsWith(ErrorCode::denied));
}

}  // namespace
}  // namespace holdfast::repository
