#include "holdfast/host/worker_pool.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::host {

struct WorkerPool::State {
    explicit State(WorkerPoolOptions asked)
        : options(asked), size(asked.threads ? asked.threads : std::max(1u, std::thread::hardware_concurrency())) {}

    void work();
    bool start_thread();

    const WorkerPoolOptions options;
    const unsigned size;
    std::mutex mutex;  // guards all below
    std::condition_variable changed;
    std::deque<std::function<void()>> waiting;
    unsigned idle = 0;
    bool closing = false;
    std::vector<std::jthread> threads;
};

void WorkerPool::State::work() {
    if (options.low_priority) lower_priority_of_this_thread();
    std::unique_lock lock(mutex);
    for (;;) {
        ++idle;
        changed.wait(lock, [&] { return !waiting.empty() || closing; });
        --idle;
        if (waiting.empty()) return;
        auto task = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        task();
        task = nullptr;  // what it captured goes before the next wait, outside the lock
        lock.lock();
    }
}

bool WorkerPool::State::start_thread() {
    try {
        threads.emplace_back([this] { work(); });
        return true;
    } catch (const std::system_error&) {
        return false;  // the system's limit of threads: those that run must do
    }
}

WorkerPool::WorkerPool(WorkerPoolOptions options) : state_(std::make_unique<State>(options)) {}

WorkerPool::~WorkerPool() {
    std::unique_lock lock(state_->mutex);
    state_->closing = true;
    state_->changed.notify_all();
    while (!state_->threads.empty()) {  // again: a task may submit another, and that may start a thread
        auto threads = std::exchange(state_->threads, {});
        lock.unlock();
        threads.clear();  // joins
        lock.lock();
    }
}

unsigned WorkerPool::size() const { return state_->size; }

void WorkerPool::submit(std::function<void()> task) {
    {
        const std::lock_guard lock(state_->mutex);
        const bool all_at_work = state_->waiting.size() >= state_->idle;
        const bool may_grow = all_at_work && state_->threads.size() < state_->size;
        if ((may_grow && state_->start_thread()) || !state_->threads.empty()) {
            state_->waiting.push_back(std::move(task));
            task = nullptr;
        }
    }
    if (task) return task();
    state_->changed.notify_one();
}

void lower_priority_of_this_thread() noexcept {
    constexpr int background_nice = 15;
    constexpr int io_class_shift = 13, io_class_idle = 3, io_who_process = 1;
    constexpr int io_best_effort_last = (2 << io_class_shift) | 7;

    const auto thread = static_cast<id_t>(::gettid());
    errno = 0;
    const int nice = ::getpriority(PRIO_PROCESS, thread);
    if (errno == 0 && nice < background_nice) ::setpriority(PRIO_PROCESS, thread, background_nice);
    const long io = ::syscall(SYS_ioprio_get, io_who_process, 0);
    if (io >= 0 && (io >> io_class_shift) != io_class_idle) {
        ::syscall(SYS_ioprio_set, io_who_process, 0, io_best_effort_last);
    }
}

void at_low_priority(const std::function<void()>& work) {
    try {
        std::jthread([&] {
            lower_priority_of_this_thread();
            work();
        }).join();
    } catch (const std::system_error&) {
        work();
    }
}

}  // namespace holdfast::host
