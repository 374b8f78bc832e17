#include "holdfast/repository/lru.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace holdfast::repository {
namespace {

using Cache = Lru<int, std::string>;

std::shared_ptr<const std::string> text(std::string value) { return std::make_shared<const std::string>(std::move(value)); }

TEST(Lru, DropsWhatWasNotUsedForLongest) {
    Cache cache(3);
    for (int i = 0; i < 3; ++i) cache.put(i, text("v"), 1);
    EXPECT_TRUE(cache.find(0));
    cache.put(3, text("v"), 1);
    EXPECT_TRUE(cache.find(0));
    EXPECT_FALSE(cache.find(1));
    EXPECT_TRUE(cache.find(2));
    EXPECT_TRUE(cache.find(3));
}

TEST(Lru, NeverHoldsMoreThanItsWeight) {
    Cache cache(100);
    for (int i = 0; i < 1000; ++i) {
        cache.put(i, text("v"), static_cast<std::size_t>(i % 60));
        EXPECT_LE(cache.weight(), 100u);
    }
    cache.put(5000, text("too heavy"), 101);
    EXPECT_FALSE(cache.find(5000));
    EXPECT_GT(cache.weight(), 0u);
    cache.clear();
    EXPECT_EQ(cache.weight(), 0u);
}

TEST(Lru, AValueInUseOutlivesItsPlace) {
    Cache cache(1);
    cache.put(1, text("first"), 1);
    const auto held = cache.find(1);
    cache.put(2, text("second"), 1);
    EXPECT_FALSE(cache.find(1));
    EXPECT_EQ(*held, "first");
}

TEST(Lru, AKeyKeepsItsFirstValue) {
    Cache cache(10);
    cache.put(1, text("first"), 1);
    cache.put(1, text("second"), 1);
    EXPECT_EQ(*cache.find(1), "first");
    EXPECT_EQ(cache.weight(), 1u);
}

TEST(Lru, ServesManyThreads) {
    Cache cache(50);
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&cache, thread] {
            for (int i = 0; i < 20'000; ++i) {
                const int key = (i * 7 + thread) % 200;
                if (const auto found = cache.find(key)) EXPECT_EQ(*found, std::to_string(key));
                else cache.put(key, text(std::to_string(key)), 1);
            }
        });
    }
}

}  // namespace
}  // namespace holdfast::repository
