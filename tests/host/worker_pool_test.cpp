#include "holdfast/host/worker_pool.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast::host {
namespace {

using namespace tests;

TEST(WorkerPool, RunsEveryTaskBeforeItEnds) {
    std::atomic<int> ran = 0;
    {
        WorkerPool pool({.threads = 4});
        EXPECT_EQ(pool.size(), 4u);
        for (int i = 0; i < 1000; ++i) pool.submit([&] { ++ran; });
    }
    EXPECT_EQ(ran, 1000);
}

TEST(WorkerPool, HasOneThreadAProcessorByDefault) {
    EXPECT_EQ(WorkerPool().size(), std::max(1u, std::thread::hardware_concurrency()));
}

TEST(WorkerPool, RunsAsManyTasksAtOnceAsItHasThreads) {
    std::barrier together(3);  // would never open with fewer
    WorkerPool pool({.threads = 3});
    for (int i = 0; i < 3; ++i) pool.submit([&] { together.arrive_and_wait(); });
}

TEST(WorkerPool, TasksMaySubmitTasks) {
    std::atomic<int> ran = 0;
    {
        WorkerPool pool({.threads = 2});
        for (int i = 0; i < 10; ++i) {
            pool.submit([&] {
                ++ran;
                pool.submit([&] { ++ran; });
            });
        }
    }
    EXPECT_EQ(ran, 20);
}

TEST(WorkerPool, LowPriorityConcernsItsThreadsOnly) {
    int nice_inside = 0;
    long io_inside = 0;
    {
        WorkerPool pool({.threads = 1, .low_priority = true});
        pool.submit([&] {
            nice_inside = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
            io_inside = ::syscall(SYS_ioprio_get, 1, 0);
        });
    }
    EXPECT_GE(nice_inside, 10);
    EXPECT_GE(io_inside, (2 << 13) | 7);
    EXPECT_LT(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())), nice_inside);
}

TEST(LowerPriority, NeverRaisesIt) {
    int nice = 0;
    std::jthread([&] {
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 15);
        lower_priority_of_this_thread();
        nice = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
    }).join();
    EXPECT_EQ(nice, 15);
}

using Pipeline = OrderedPipeline<int>;

TEST(OrderedPipeline, TakesBackInTheOrderOfMaking) {
    WorkerPool pool({.threads = 4});
    int next = 0;
    std::vector<int> taken;
    const auto done = Pipeline::run(pool, 8,
                                    {.make = [&](int& item) -> Result<bool> {
                                         item = next;
                                         return next++ < 500;
                                     },
                                     .work = [](int& item) -> Result<void> {
                                         if (item % 7 == 0) std::this_thread::yield();
                                         item *= 2;
                                         return {};
                                     },
                                     .take = [&](int& item) -> Result<void> {
                                         taken.push_back(item);
                                         return {};
                                     }});
    ASSERT_THAT(done, Succeeds());
    ASSERT_EQ(taken.size(), 500u);
    for (int i = 0; i < 500; ++i) EXPECT_EQ(taken[static_cast<std::size_t>(i)], 2 * i);
}

TEST(OrderedPipeline, HasAtMostSoManyItemsInFlight) {
    WorkerPool pool({.threads = 4});
    int made = 0, taken = 0, most = 0;
    must(Pipeline::run(pool, 3,
                       {.make = [&](int&) -> Result<bool> {
                            if (made == 100) return false;
                            most = std::max(most, ++made - taken);
                            return true;
                        },
                        .work = [](int&) -> Result<void> { return {}; },
                        .take = [&](int&) -> Result<void> {
                            ++taken;
                            return {};
                        }}));
    EXPECT_EQ(taken, 100);
    EXPECT_EQ(most, 3);
}

// Whichever step fails, its error is the answer, and nothing still runs.
class PipelineFailure : public ::testing::TestWithParam<std::string> {};

TEST_P(PipelineFailure, EndsIt) {
    WorkerPool pool({.threads = 2});
    int next = 0, taken = 0;
    std::atomic<int> working = 0;
    const auto maybe_fail = [&](const std::string& step, int item) -> Result<void> {
        if (step == GetParam() && item == 20) return fail(ErrorCode::full, "{} failed", step);
        return {};
    };
    const auto done = Pipeline::run(pool, 4,
                                    {.make = [&](int& item) -> Result<bool> {
                                         item = next++;
                                         TRY(maybe_fail("make", item));
                                         return item < 1000;
                                     },
                                     .work = [&](int& item) -> Result<void> {
                                         ++working;
                                         auto result = maybe_fail("work", item);
                                         --working;
                                         return result;
                                     },
                                     .take = [&](int& item) -> Result<void> {
                                         ++taken;
                                         return maybe_fail("take", item);
                                     }});
    ASSERT_THAT(done, FailsWith(ErrorCode::full));
    EXPECT_EQ(done.error().message(), GetParam() + " failed");
    EXPECT_EQ(working, 0);
    EXPECT_LE(taken, 21);
    EXPECT_LE(next, 30);
}
INSTANTIATE_TEST_SUITE_P(, PipelineFailure, ::testing::Values("make", "work", "take"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace holdfast::host
