#include "holdfast/sqlite/read_ahead_image.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "holdfast/base/limits.h"
#include "holdfast/sqlite/page_foresight.h"

namespace holdfast::sqlite {

namespace {

constexpr std::size_t run_bytes = limits::extent_size;
constexpr std::size_t runs_per_task = 4;
constexpr std::size_t runs_ahead_max = 32;

// What lies around a page. `bytes` does not change any more once it is ready.
struct Run {
    enum class State { waiting, at_work, ready, failed };
    State state = State::waiting;  // guarded by the image's mutex
    Buffer bytes;
};

class ReadAheadImage final : public Image {
public:
    ReadAheadImage(const Image& image, const ReadAheadOptions& options)
        : image_(image), pages_per_run_(static_cast<std::uint32_t>(run_bytes / image.page_size().bytes())),
          runs_max_(std::max<std::size_t>(options.bytes_max / run_bytes, 16)), pool_(options.pool),
          foresight_({.pages_per_run = pages_per_run_, .runs_max = std::min(runs_ahead_max, runs_max_ / 4)}) {}
    ReadAheadImage(const ReadAheadImage&) = delete;
    ReadAheadImage& operator=(const ReadAheadImage&) = delete;
    ~ReadAheadImage() override {
        std::unique_lock lock(mutex_);
        for (auto& [number, place] : places_) drop(*place.run);
        ++waiting_;
        changed_.wait(lock, [&] { return on_their_way_ == 0; });
    }

    PageSize page_size() const override { return image_.page_size(); }
    PageNumber last_page() const override { return image_.last_page(); }
    std::optional<RangeHash> known_hash(PageRange range) const override { return image_.known_hash(range); }

    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(expect_readable(*this, range, into));
        const std::size_t page_bytes = page_size().bytes();
        for (std::uint32_t done = 0; done < range.count;) {
            const std::uint32_t page = range.first.value - 1 + done;
            const std::uint32_t inside = page % pages_per_run_;
            const std::uint32_t count = std::min(range.count - done, pages_per_run_ - inside);
            const auto room = into.subspan(done * page_bytes, count * page_bytes);
            const auto run = run_with(page / pages_per_run_);
            if (run) std::memcpy(room.data(), (*run)->bytes.data() + inside * page_bytes, room.size());
            else TRY(image_.read({PageNumber{page + 1}, count}, room));  // not everything around it may be lost
            done += count;
        }
        if (range.count == 1 && pool_) look_ahead(range.first, into);
        return {};
    }

private:
    using Number = std::uint64_t;
    struct Place {
        std::shared_ptr<Run> run;
        std::list<Number>::iterator in_order;
    };

    Result<std::shared_ptr<const Run>> run_with(Number number) const {
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto run = place_of(number);
            if (run->state == Run::State::ready) return std::shared_ptr<const Run>(run);
            if (run->state == Run::State::waiting) {
                run->state = Run::State::at_work;
                TRY(fill(lock, number, *run));
                return std::shared_ptr<const Run>(run);
            }
            ++waiting_;
            changed_.wait(lock, [&] { return run->state != Run::State::at_work; });
            --waiting_;
        }
    }

    // There from now on, as the one used last; what was used longest ago goes.
    std::shared_ptr<Run> place_of(Number number) const {
        if (const auto known = places_.find(number); known != places_.end() && known->second.run->state != Run::State::failed) {
            order_.splice(order_.begin(), order_, known->second.in_order);
            return known->second.run;
        }
        forget(number);
        while (places_.size() >= runs_max_) forget(order_.back());
        order_.push_front(number);
        auto run = std::make_shared<Run>();
        places_.emplace(number, Place{.run = run, .in_order = order_.begin()});
        return run;
    }
    void forget(Number number) const {
        const auto at = places_.find(number);
        if (at == places_.end()) return;
        drop(*at->second.run);
        order_.erase(at->second.in_order);
        places_.erase(at);
    }
    static void drop(Run& run) {
        if (run.state == Run::State::waiting) run.state = Run::State::failed;  // nobody needs to begin
    }

    // Of a run at work: reads it without the lock.
    Result<void> fill(std::unique_lock<std::mutex>& lock, Number number, Run& run) const {
        lock.unlock();
        const auto first = static_cast<std::uint32_t>(number * pages_per_run_);
        const std::uint32_t count = std::min(pages_per_run_, last_page().value - first);
        Buffer bytes(std::size_t{count} * page_size().bytes());
        auto done = image_.read({PageNumber{first + 1}, count}, bytes.span());
        lock.lock();
        if (done) run.bytes = std::move(bytes);
        run.state = done ? Run::State::ready : Run::State::failed;
        tell_changed();
        return done;
    }

    void look_ahead(PageNumber page, ByteView bytes) const {
        const auto wanted = runs_ahead_of(page, bytes);
        // Outside the lock: where there is no thread, a task runs at once.
        for (std::size_t at = 0; at < wanted.size(); at += runs_per_task) {
            const auto first = wanted.begin() + static_cast<std::ptrdiff_t>(at);
            const auto end = first + static_cast<std::ptrdiff_t>(std::min(runs_per_task, wanted.size() - at));
            pool_->submit([this, some = std::vector<Wanted>(first, end)] {
                for (const auto& one : some) fetch(one);
            });
        }
    }
    struct Wanted {
        Number number;
        std::shared_ptr<Run> run;
    };
    std::vector<Wanted> runs_ahead_of(PageNumber page, ByteView bytes) const {
        const std::lock_guard lock(mutex_);
        std::vector<Wanted> runs;
        if (page.value == 1 && bytes.size() > reserved_at) usable_size_ = static_cast<std::uint32_t>(bytes.size()) - std::to_integer<std::uint32_t>(bytes[reserved_at]);
        const Number end = (std::uint64_t{last_page().value} + pages_per_run_ - 1) / pages_per_run_;
        for (const Number number : foresight_.saw({.page = page, .bytes = bytes, .usable_size = usable_size_})) {
            if (number >= end) continue;
            const bool is_new = !places_.contains(number);
            auto run = place_of(number);
            if (!is_new || run->state != Run::State::waiting) continue;
            ++on_their_way_;
            runs.push_back({number, std::move(run)});
        }
        return runs;
    }
    void fetch(const Wanted& wanted) const {
        std::unique_lock lock(mutex_);
        if (wanted.run->state == Run::State::waiting) {
            wanted.run->state = Run::State::at_work;
            static_cast<void>(fill(lock, wanted.number, *wanted.run));  // who needs it tries again, and is told
        }
        --on_their_way_;
        tell_changed();
    }
    void tell_changed() const {
        if (waiting_ > 0) changed_.notify_all();
    }

    static constexpr std::size_t reserved_at = 20;  // in the database header: bytes left free on each page
    const Image& image_;
    const std::uint32_t pages_per_run_;
    const std::size_t runs_max_;
    host::WorkerPool* const pool_;
    mutable std::mutex mutex_;  // guards all below, and the states of runs
    mutable std::condition_variable changed_;
    mutable std::unordered_map<Number, Place> places_;
    mutable std::list<Number> order_;  // the one used last first
    mutable std::size_t on_their_way_ = 0;
    mutable std::size_t waiting_ = 0;  // threads, for a change
    mutable std::uint32_t usable_size_ = image_.page_size().bytes();
    mutable PageForesight foresight_;
};

}  // namespace

std::unique_ptr<Image> read_ahead_image(const Image& image, ReadAheadOptions options) { return std::make_unique<ReadAheadImage>(image, options); }

}  // namespace holdfast::sqlite
