#include "contracts/object_store_contract.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast::tests {
namespace {

using store::ListedObject;
using store::ObjectName;
using store::ObjectStore;
using ::testing::IsEmpty;

constexpr std::uint64_t any_size = 1 << 30;

Bytes noise(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::vector<std::uint64_t> words(size / sizeof(std::uint64_t) + 1);
    std::ranges::generate(words, engine);
    const auto bytes = std::as_bytes(std::span(words)).first(size);
    return copy_of(bytes);
}

ObjectName numbered(std::string_view folder, std::uint64_t n) {
    return must(ObjectName::parse(format("{}/{:04}", folder, n)));
}

std::map<std::string, std::uint64_t> listed(ObjectStore& store, std::string_view prefix) {
    std::map<std::string, std::uint64_t> sizes;
    for (const auto& object : must(store.list(prefix))) {
        EXPECT_TRUE(sizes.emplace(object.name.text(), object.size).second) << object.name.text() << " is listed twice";
    }
    return sizes;
}

using Sizes = std::map<std::string, std::uint64_t>;

}  // namespace

std::ostream& operator<<(std::ostream& out, const StoreMaker& maker) { return out << maker.name; }

std::string name_of_place(const ::testing::TestParamInfo<StoreMaker>& test) { return test.param.name; }

TEST_P(ObjectStoreContract, WhatWasPutIsThere) {
    for (const std::size_t size : {0u, 1u, 511u, 65'537u, 300'000u}) {
        const auto name = numbered("sizes", size);
        const auto bytes = noise(size, size);
        ASSERT_THAT(store->put_if_absent(name, bytes), Succeeds());
        EXPECT_EQ(must(store->get(name, any_size)), bytes);
        EXPECT_EQ(must(store->status(name)).size, size);
        EXPECT_EQ(must(place->open()->get(name, any_size)), bytes) << "through another store";
    }
}

TEST_P(ObjectStoreContract, WhatWasNotPutIsNotFound) {
    const ObjectName name("packs/aa/missing");
    Bytes into(1);
    EXPECT_THAT(store->get(name, any_size), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(store->read(name, 0, into), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(store->status(name), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(must(store->list("packs")), IsEmpty());
}

TEST_P(ObjectStoreContract, TheFirstPutStays) {
    const ObjectName name("snapshots/1");
    must(store->put_if_absent(name, bytes_of("first")));
    EXPECT_THAT(store->put_if_absent(name, bytes_of("second")), FailsWith(ErrorCode::exists));
    EXPECT_THAT(store->put_if_absent(name, bytes_of("first")), FailsWith(ErrorCode::exists)) << "equal bytes or not";
    EXPECT_THAT(place->open()->put_fleeting(name, bytes_of("third")), FailsWith(ErrorCode::exists));
    EXPECT_EQ(text_of(must(store->get(name, any_size))), "first");
}

TEST_P(ObjectStoreContract, AFleetingObjectIsAnObject) {
    const ObjectName name("sessions/1");
    ASSERT_THAT(store->put_fleeting(name, bytes_of("claim")), Succeeds());
    EXPECT_EQ(text_of(must(place->open()->get(name, any_size))), "claim");
    EXPECT_THAT(store->put_fleeting(name, bytes_of("other")), FailsWith(ErrorCode::exists));
    EXPECT_THAT(store->put_if_absent(name, bytes_of("other")), FailsWith(ErrorCode::exists));
    EXPECT_EQ(listed(*store, "sessions"), (Sizes{{"sessions/1", 5}}));
}

TEST_P(ObjectStoreContract, AnObjectLargerThanAllowedIsCorrupt) {
    const ObjectName name("a");
    must(store->put_if_absent(name, Bytes(1000)));
    EXPECT_THAT(store->get(name, 1000), Succeeds());
    EXPECT_THAT(store->get(name, 999), FailsWith(ErrorCode::corrupt));
}

TEST_P(ObjectStoreContract, RangesAreReadExactlyOrNotAtAll) {
    const ObjectName name("packs/aa/x");
    const auto bytes = noise(10'000, 7);
    must(store->put_if_absent(name, bytes));
    EXPECT_TRUE(rc::check("a range is those bytes, or past the end and corrupt", [&] {
        const auto offset = *rc::gen::inRange<std::size_t>(0, 11'000);
        const auto size = *rc::gen::inRange<std::size_t>(0, 11'000);
        Bytes into(size);
        const auto done = store->read(name, offset, into);
        if (offset + size > bytes.size()) {
            RC_ASSERT(!done.ok());
            RC_ASSERT(done.error().code() == ErrorCode::corrupt);
        } else {
            RC_ASSERT(done.ok());
            RC_ASSERT(std::equal(into.begin(), into.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
        }
    }));
}

TEST_P(ObjectStoreContract, ALargeObjectIsWhole) {
    const ObjectName name("packs/aa/large");
    const auto bytes = noise(24 << 20, 3);
    must(store->put_if_absent(name, bytes));
    EXPECT_EQ(sha256(must(store->get(name, any_size))), sha256(bytes));
    Bytes end(1 << 20);
    must(store->read(name, bytes.size() - end.size(), end));
    EXPECT_EQ(sha256(end), sha256(ByteView(bytes).last(end.size())));
}

TEST_P(ObjectStoreContract, OfManyWritersExactlyOneWins) {
    constexpr std::size_t writers = 16, rounds = 12;
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto name = numbered("race", round);
        std::vector<std::unique_ptr<ObjectStore>> stores;
        for (std::size_t i = 0; i < writers; ++i) stores.push_back(place->open());
        std::vector<ErrorCode> refusals;
        std::vector<std::size_t> winners;
        std::mutex mutex;
        std::barrier start(writers);
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < writers; ++i) {
                threads.emplace_back([&, i] {
                    const auto bytes = noise(5000, i);
                    start.arrive_and_wait();
                    auto put = stores[round % 2 ? i : 0]->put_if_absent(name, bytes);
                    const std::lock_guard lock(mutex);
                    if (put) winners.push_back(i);
                    else refusals.push_back(put.error().code());
                });
            }
        }
        ASSERT_EQ(winners.size(), 1u);
        EXPECT_EQ(refusals, std::vector<ErrorCode>(writers - 1, ErrorCode::exists));
        EXPECT_EQ(must(store->get(name, any_size)), noise(5000, winners.front()));
    }
}

TEST_P(ObjectStoreContract, AReaderSeesAllOfAnObjectOrNothing) {
    constexpr std::uint64_t objects = 30;
    std::atomic<bool> done = false;
    std::atomic<std::uint64_t> wrong = 0, seen = 0;
    {
        std::vector<std::jthread> readers;
        for (int i = 0; i < 3; ++i) {
            readers.emplace_back([&, mine = place->open()] {
                for (std::uint64_t n = 0; n < objects;) {
                    const bool last_chance = done;
                    const auto bytes = mine->get(numbered("growing", n), any_size);
                    if (!bytes.ok()) {
                        if (bytes.error().code() != ErrorCode::not_found || last_chance) ++wrong, ++n;
                        continue;
                    }
                    if (*bytes != noise(200'000, n)) ++wrong;
                    ++seen, ++n;
                }
            });
        }
        for (std::uint64_t n = 0; n < objects; ++n) {
            must(store->put_if_absent(numbered("growing", n), noise(200'000, n)));
        }
        done = true;
    }
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(seen, 3 * objects);
}

TEST_P(ObjectStoreContract, ManyObjectsAreReadAtOnce) {
    constexpr std::uint64_t objects = 40;
    for (std::uint64_t n = 0; n < objects; ++n) must(store->put_if_absent(numbered("packs", n), noise(3000, n)));
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (std::uint64_t i = 0; i < 8; ++i) {
            threads.emplace_back([&, i] {
                std::mt19937_64 engine(i);
                for (int round = 0; round < 300; ++round) {
                    const auto n = engine() % objects, offset = engine() % 2000;
                    Bytes into(1000);
                    const bool read = store->read(numbered("packs", n), offset, into).ok();
                    if (!read || !std::ranges::equal(into, ByteView(noise(3000, n)).subspan(offset, 1000))) ++wrong;
                }
            });
        }
    }
    EXPECT_EQ(wrong, 0);
}

TEST_P(ObjectStoreContract, ListingFollowsWholeParts) {
    for (const auto* name : {"ab/c", "ab/d/e", "ab/d/f/g", "abc/x", "ab.d/x", "b", "ab-"}) {
        must(store->put_if_absent(ObjectName(name), bytes_of(name)));
    }
    EXPECT_EQ(listed(*store, "ab"), (Sizes{{"ab/c", 4}, {"ab/d/e", 6}, {"ab/d/f/g", 8}}));
    EXPECT_EQ(listed(*store, "ab/d"), (Sizes{{"ab/d/e", 6}, {"ab/d/f/g", 8}}));
    EXPECT_EQ(listed(*store, "b"), Sizes{});
    EXPECT_EQ(listed(*store, "").size(), 7u);
    EXPECT_EQ(listed(*place->open(), ""), listed(*store, ""));
    EXPECT_THAT(store->list("../ab"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(store->list("ab/"), FailsWith(ErrorCode::invalid));
}

TEST_P(ObjectStoreContract, ListingFindsAllOfMany) {
    Sizes expected;
    for (std::uint64_t n = 0; n < 700; ++n) {
        const auto name = must(ObjectName::parse(format("packs/{:02x}/{:04}", n % 256, n)));
        must(store->put_fleeting(name, Bytes(n % 7)));
        expected[name.text()] = n % 7;
    }
    EXPECT_EQ(listed(*store, "packs"), expected);
}

TEST_P(ObjectStoreContract, AListingDuringPutsHasAllThatWasThereBefore) {
    for (std::uint64_t n = 0; n < 100; ++n) must(store->put_fleeting(numbered("old", n), {}));
    std::jthread writer([&](const std::stop_token& stop) {
        for (std::uint64_t n = 100; n < 1000 && !stop.stop_requested(); ++n) {
            must(store->put_fleeting(numbered("old", n), {}));
        }
    });
    for (int round = 0; round < 10; ++round) {
        const auto names = listed(*store, "old");
        for (std::uint64_t n = 0; n < 100; ++n) ASSERT_TRUE(names.contains(numbered("old", n).text()));
    }
}

TEST_P(ObjectStoreContract, WhatIsRemovedIsGone) {
    const ObjectName name("packs/aa/x");
    must(store->put_if_absent(name, bytes_of("old bytes")));
    Bytes into(3);
    must(store->read(name, 0, into));
    ASSERT_THAT(store->remove(name), Succeeds());
    EXPECT_THAT(store->read(name, 0, into), FailsWith(ErrorCode::not_found)) << "also for one that has just read it";
    EXPECT_THAT(store->get(name, any_size), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(must(store->list("packs")), IsEmpty());
    EXPECT_THAT(store->remove(name), Succeeds()) << "it is gone either way";
    EXPECT_THAT(store->remove(ObjectName("never/was")), Succeeds());

    must(store->put_if_absent(name, bytes_of("new")));
    must(store->read(name, 0, into));
    EXPECT_EQ(text_of(into), "new");
}

TEST_P(ObjectStoreContract, ManyAreRemovedTogether) {
    std::vector<ObjectName> gone;
    for (std::uint64_t n = 0; n < 60; ++n) {
        const auto name = numbered(n % 3 ? "a/b" : "c", n);
        must(store->put_if_absent(name, {}));
        if (n % 2) gone.push_back(name);
    }
    gone.push_back(ObjectName("never/was"));
    ASSERT_THAT(store->remove_all(gone), Succeeds());
    EXPECT_EQ(must(store->list("")).size(), 30u);
    for (const auto& name : gone) EXPECT_THAT(store->status(name), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(store->remove_all({}), Succeeds());
}

TEST_P(ObjectStoreContract, APlaceHasAName) { EXPECT_FALSE(store->place().empty()); }

}  // namespace holdfast::tests
