#include "holdfast/repository/snapshot_scan.h"

#include <algorithm>
#include <span>

#include "holdfast/repository/envelope.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t snapshots_per_task = 32;

struct Batch {
    std::span<const SnapshotNumber> numbers;
    std::vector<Result<Snapshot>> snapshots;
};

}  // namespace

Result<Snapshot> read_snapshot(store::ObjectStore& store, const Keys& keys, SnapshotNumber number) {
    const auto name = snapshot_name(number);
    const Bytes record = TRY(get_record_kept_twice(store, name, ObjectType::snapshot, &keys));
    auto snapshot = TRY(decode_snapshot(record, keys));
    if (snapshot.number == number) return snapshot;
    return fail(ErrorCode::corrupt, "read {}: it says that it is #{}", name.text(), snapshot.number.value);
}

Result<void> scan_snapshots(const Repository& repository, const std::vector<SnapshotNumber>& numbers,
                            const SnapshotVisit& visit) {
    std::span<const SnapshotNumber> rest = numbers;
    const auto make = [&](Batch& batch) -> Result<bool> {
        batch.numbers = rest.first(std::min(rest.size(), snapshots_per_task));
        batch.snapshots.clear();
        rest = rest.subspan(batch.numbers.size());
        return !batch.numbers.empty();
    };
    const auto work = [&](Batch& batch) -> Result<void> {
        for (const auto number : batch.numbers) {
            batch.snapshots.push_back(read_snapshot(repository.store(), repository.keys(), number));
        }
        return {};
    };
    const auto take = [&](Batch& batch) -> Result<void> {
        for (std::size_t i = 0; i < batch.numbers.size(); ++i) TRY(visit(batch.numbers[i], std::move(batch.snapshots[i])));
        return {};
    };
    auto* pool = repository.options().pool;
    if (pool != nullptr && numbers.size() > snapshots_per_task) {
        return host::OrderedPipeline<Batch>::run(*pool, 2 * pool->size() + 1, {make, work, take});
    }
    Batch batch;
    while (TRY(make(batch))) {
        TRY(work(batch));
        TRY(take(batch));
    }
    return {};
}

}  // namespace holdfast::repository
