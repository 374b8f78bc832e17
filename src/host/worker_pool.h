// WorkerPool: a fixed number of threads that run tasks, and OrderedPipeline, the bounded pipeline built on it.
#pragma once

#include <functional>
#include <memory>

#include "holdfast/base/error.h"

namespace holdfast::host {

struct WorkerPoolOptions {
    unsigned threads = 0;       // 0: one per processor
    bool low_priority = false;  // nice 15 and best-effort I/O class 7, for the worker threads only
};

// A thread starts when a task finds all others at work. Tasks start in the order of submit(), which is thread-safe.
// The destructor waits for every task submitted. Where the system gives no thread at all, submit() runs the task.
class WorkerPool {
public:
    explicit WorkerPool(WorkerPoolOptions options = {});
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool();
    unsigned size() const;
    void submit(std::function<void()> task);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Makes items one after another (in the caller's thread), works on up to `in_flight` of them in the pool, and takes
// them back in the order they were made (in the caller's thread). Memory is bounded by in_flight items.
// The first error of any step ends it, after the tasks in flight have ended.
template <typename Item>
class OrderedPipeline {
public:
    struct Steps {
        std::function<Result<bool>(Item&)> make;   // false: there are no more
        std::function<Result<void>(Item&)> work;   // several at once
        std::function<Result<void>(Item&)> take;
    };
    static Result<void> run(WorkerPool& pool, unsigned in_flight, const Steps& steps);
};

// The calling thread gets the CPU and I/O priority of low_priority workers; one that is lower already stays.
void lower_priority_of_this_thread() noexcept;

// Calls it in a thread of its own with that priority, and waits for its end: who was lowered stays so, with all programs it
// starts, and the calling thread has other things to do later. In the calling thread where the system gives no other.
void at_low_priority(const std::function<void()>& work);

}  // namespace holdfast::host

#include "holdfast/host/ordered_pipeline.h"
