// WAL read: a write-ahead log scanned whole and from where the last scan ended, and an image read through it.
#include <benchmark/benchmark.h>

#include <map>

#include "holdfast/sqlite/wal.h"
#include "inputs.h"

namespace holdfast::bench {
namespace {

using namespace sqlite;

// An application at work, and what is open of its files. It stays connected: its WAL stays as it is.
struct AtWork {
    explicit AtWork(int commits) : application(10'000, "WAL") {
        application.work(commits);
        main.emplace(must(RawFile::open(application.path())));
        wal.emplace(must(RawFile::open(application.path() + "-wal", {.kind = RawFileKind::wal})));
    }
    WalMap scanned(WalScanOptions options = {}) const {
        auto map = must(scan_wal(*wal, options));
        if (!map || map->last_frame.value == 0) std::abort();
        return std::move(*map);
    }
    Application application;
    std::optional<RawFile> main, wal;
};
AtWork& after_commits(std::int64_t commits) {
    static std::map<std::int64_t, std::unique_ptr<AtWork>> made;
    auto& place = made[commits];
    if (!place) place = std::make_unique<AtWork>(static_cast<int>(commits));
    return *place;
}

void wal_scan(benchmark::State& state) {
    const AtWork& at_work = after_commits(state.range(0));
    std::int64_t frames = 0;
    for (auto turn : state) {
        static_cast<void>(turn);
        frames = at_work.scanned().last_frame.value;
    }
    state.SetBytesProcessed(state.iterations() * frames * page_bytes);
    state.counters["frames"] = static_cast<double>(frames);
}

// All frames but those of the last commits are known from a scan before.
void wal_scan_on(benchmark::State& state) {
    constexpr int commits = 300, new_commits = 10;
    AtWork at_work(commits);
    const WalMap known = at_work.scanned();
    at_work.application.work(new_commits);
    for (auto turn : state) {
        static_cast<void>(turn);
        benchmark::DoNotOptimize(at_work.scanned({.until = {}, .resume = &known}));
    }
    state.counters["frames"] = static_cast<double>(at_work.scanned().last_frame.value - known.last_frame.value);
}

// The whole image, in reads of so many pages.
void wal_image_read(benchmark::State& state) {
    const AtWork& at_work = after_commits(300);
    const auto image = wal_image(*at_work.main, *at_work.wal, at_work.scanned());
    const auto count = static_cast<std::uint32_t>(state.range(0));
    Bytes into(std::size_t{count} * page_bytes);
    std::uint32_t page = 1;
    for (auto turn : state) {
        static_cast<void>(turn);
        must(image->read({PageNumber{page}, count}, into));
        benchmark::DoNotOptimize(into.data());
        page = page + 2 * count - 1 <= image->last_page().value ? page + count : 1;
    }
    state.SetBytesProcessed(state.iterations() * state.range(0) * page_bytes);
}

BENCHMARK(wal_scan)->Arg(300)->Arg(3000);
BENCHMARK(wal_scan_on);
BENCHMARK(wal_image_read)->Arg(1)->Arg(limits::extent_size / page_bytes);

}  // namespace
}  // namespace holdfast::bench
