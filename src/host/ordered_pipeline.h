// The body of OrderedPipeline (worker_pool.h): a ring of items, each made, worked on and taken back in order.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace holdfast::host {

template <typename Item>
Result<void> OrderedPipeline<Item>::run(WorkerPool& pool, unsigned in_flight, const Steps& steps) {
    struct Slot {
        Item item{};
        bool busy = false;
        std::optional<Error> failure;
    };
    std::mutex mutex;
    std::condition_variable done;
    std::vector<std::unique_ptr<Slot>> ring;
    for (unsigned i = 0; i < in_flight; ++i) ring.push_back(std::make_unique<Slot>());

    const auto wait_for = [&](Slot& slot) {
        std::unique_lock lock(mutex);
        done.wait(lock, [&] { return !slot.busy; });
    };
    std::optional<Error> failure;
    const auto take = [&](Slot& slot) {
        wait_for(slot);
        if (failure) return;
        if (slot.failure) failure = std::move(slot.failure);
        else if (auto taken = steps.take(slot.item); !taken) failure = std::move(taken).error();
    };

    std::size_t made = 0, taken = 0;
    while (!failure) {
        if (made - taken == ring.size()) take(*ring[taken++ % ring.size()]);
        if (failure) break;
        Slot& slot = *ring[made % ring.size()];
        auto more = steps.make(slot.item);
        if (!more) failure = std::move(more).error();
        if (failure || !*more) break;
        slot.busy = true;
        ++made;
        pool.submit([&, at = &slot] {
            auto worked = steps.work(at->item);
            const std::lock_guard lock(mutex);
            if (!worked) at->failure = std::move(worked).error();
            at->busy = false;
            done.notify_all();
        });
    }
    while (taken < made) take(*ring[taken++ % ring.size()]);
    if (failure) return std::move(*failure);
    return {};
}

}  // namespace holdfast::host
