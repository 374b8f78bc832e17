#include "holdfast/sqlite/read_ahead_image.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "holdfast/base/limits.h"
#include "holdfast/sqlite/page_foresight.h"

namespace holdfast::sqlite {

namespace {

constexpr std::size_t run_bytes = limits::extent_size;
constexpr std::size_t runs_ahead_max = 32;

// What lies around a page. `bytes` does not change any more once it is ready.
struct Run {
    enum class State { waiting, at_work, ready, failed };
    State state = State::waiting;  // guarded by the image's mutex
    unsigned waited_for = 0;       // by so many threads; guarded as well
    Buffer bytes;
};

class ReadAheadImage final : public Image {
public:
    ReadAheadImage(const Image& image, const ReadAheadOptions& options)
        : image_(image), pages_per_run_(static_cast<std::uint32_t>(run_bytes / image.page_size().bytes())),
          runs_max_(std::max<std::size_t>(options.bytes_max / run_bytes, 16)), pool_(options.pool),
          helpers_max_(pool_ ? std::max(1u, pool_->size() - 1) : 0),
          foresight_({.pages_per_run = pages_per_run_, .runs_max = std::min(runs_ahead_max, runs_max_ / 4)}) {}
    ReadAheadImage(const ReadAheadImage&) = delete;
    ReadAheadImage& operator=(const ReadAheadImage&) = delete;
    ~ReadAheadImage() override {
        std::unique_lock lock(mutex_);
        ahead_.clear();
        ended_.wait(lock, [&] { return helpers_ == 0; });
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
    struct Wanted {
        Number number;
        std::shared_ptr<Run> run;
    };

    // What another thread is at work on is waited for only where nothing else is to be done meanwhile.
    Result<std::shared_ptr<const Run>> run_with(Number number) const {
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto run = place_of(number);
            if (run->state == Run::State::ready) return std::shared_ptr<const Run>(run);
            if (run->state == Run::State::waiting) {
                TRY(fill(lock, {number, run}));
                return std::shared_ptr<const Run>(run);
            }
            if (fill_next(lock)) continue;
            ++run->waited_for;
            changed_.wait(lock, [&] { return run->state != Run::State::at_work; });
            --run->waited_for;
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

    // Reads one that nobody has begun, without the lock.
    Result<void> fill(std::unique_lock<std::mutex>& lock, const Wanted& wanted) const {
        auto& [number, run] = wanted;
        run->state = Run::State::at_work;
        lock.unlock();
        const auto first = static_cast<std::uint32_t>(number * pages_per_run_);
        const std::uint32_t count = std::min(pages_per_run_, last_page().value - first);
        Buffer bytes(std::size_t{count} * page_size().bytes());
        auto done = image_.read({PageNumber{first + 1}, count}, bytes.span());
        lock.lock();
        if (done) run->bytes = std::move(bytes);
        run->state = done ? Run::State::ready : Run::State::failed;
        if (run->waited_for > 0) changed_.notify_all();
        return done;
    }
    // The next of those ahead; false: there is none.
    bool fill_next(std::unique_lock<std::mutex>& lock) const {
        while (!ahead_.empty()) {
            const auto next = std::move(ahead_.front());
            ahead_.pop_front();
            if (next.run->state != Run::State::waiting) continue;
            static_cast<void>(fill(lock, next));  // who needs it tries again, and is told
            return true;
        }
        return false;
    }

    void look_ahead(PageNumber page, ByteView bytes) const {
        std::size_t more = 0;
        {
            const std::lock_guard lock(mutex_);
            ask_for_what_comes(page, bytes);
            more = std::min<std::size_t>(ahead_.size(), helpers_max_) - std::min<std::size_t>({ahead_.size(), helpers_max_, helpers_});
            helpers_ += more;
        }
        // Outside the lock: where there is no thread, a task runs at once.
        for (; more > 0; --more) pool_->submit([this] { help(); });
    }
    void ask_for_what_comes(PageNumber page, ByteView bytes) const {
        if (page.value == 1 && bytes.size() > reserved_at) usable_size_ = static_cast<std::uint32_t>(bytes.size()) - std::to_integer<std::uint32_t>(bytes[reserved_at]);
        const Number end = (std::uint64_t{last_page().value} + pages_per_run_ - 1) / pages_per_run_;
        for (const Number number : foresight_.saw({.page = page, .bytes = bytes, .usable_size = usable_size_})) {
            if (number >= end) continue;
            const bool is_new = !places_.contains(number);
            auto run = place_of(number);
            if (is_new && run->state == Run::State::waiting) ahead_.push_back({number, std::move(run)});
        }
    }
    void help() const {
        std::unique_lock lock(mutex_);
        while (fill_next(lock)) {}
        if (--helpers_ == 0) ended_.notify_all();
    }

    static constexpr std::size_t reserved_at = 20;  // in the database header: bytes left free on each page
    const Image& image_;
    const std::uint32_t pages_per_run_;
    const std::size_t runs_max_;
    host::WorkerPool* const pool_;
    const std::size_t helpers_max_;  // with the reader's own thread as many as the pool has
    mutable std::mutex mutex_;  // guards all below, and the states of runs
    mutable std::condition_variable changed_;  // a run that is waited for
    mutable std::condition_variable ended_;    // the last helper
    mutable std::unordered_map<Number, Place> places_;
    mutable std::list<Number> order_;  // the one used last first
    mutable std::deque<Wanted> ahead_;  // told by foresight and not begun, in their order
    mutable std::size_t helpers_ = 0;   // tasks given to the pool, and not ended
    mutable std::uint32_t usable_size_ = image_.page_size().bytes();
    mutable PageForesight foresight_;
};

}  // namespace

std::unique_ptr<Image> read_ahead_image(const Image& image, ReadAheadOptions options) { return std::make_unique<ReadAheadImage>(image, options); }

}  // namespace holdfast::sqlite
