// ChunkReader::read_many: many chunks with few reads.

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/chunk_reader_state.h"
#include "holdfast/repository/index_rows.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t run_bytes_max = 1024 * 1024;  // of one read, unless a single entry is larger
constexpr std::size_t gap_max = 64 * 1024;          // read and thrown away rather than read twice
constexpr std::size_t bases_of_run_max = 32;        // held while a run is decoded: at most 2 MiB of extents

// One entry to be read; `number` is the caller's.
struct Job {
    IndexEntry entry;
    std::size_t number = 0;
};

void sort_by_place(std::vector<Job>& jobs) {
    std::ranges::sort(jobs, {}, [](const Job& job) { return std::tuple(job.entry.place.pack, job.entry.place.offset); });
}

std::uint64_t end_of(const Job& job) { return std::uint64_t{job.entry.place.offset} + job.entry.place.stored_size; }

// How many of the jobs, from the first, lie close enough together for one read. `jobs` is sorted.
std::size_t length_of_run(std::span<const Job> jobs) {
    const auto& first = jobs.front().entry.place;
    std::size_t bases = jobs.front().entry.bases.size();
    std::size_t length = 1;
    for (; length < jobs.size(); ++length) {
        const auto& place = jobs[length].entry.place;
        bases += jobs[length].entry.bases.size();
        if (place.pack != first.pack || place.offset > end_of(jobs[length - 1]) + gap_max) break;
        if (end_of(jobs[length]) - first.offset > run_bytes_max || bases > bases_of_run_max) break;
    }
    return length;
}

bool is_possible(const IndexEntry& entry) {
    return entry.plain_size <= limits::chunk_size_max &&
           entry.place.stored_size <= limits::chunk_stored_max + entry_header_size_max;
}

// The bytes of a run of jobs, fetched with one read.
class Run {
public:
    static Result<Run> fetch(store::ObjectStore& store, std::span<const Job> jobs) {
        const std::uint64_t first = jobs.front().entry.place.offset;
        std::uint64_t end = 0;
        for (const Job& job : jobs) end = std::max(end, end_of(job));
        Buffer bytes(end - first);
        TRY(store.read(pack_name(jobs.front().entry.place.pack), first, bytes.span()));
        return Run(first, std::move(bytes));
    }
    ByteView entry(const Job& job) const {
        return bytes_.view().subspan(job.entry.place.offset - first_, job.entry.place.stored_size);
    }

private:
    Run(std::uint64_t first, Buffer bytes) : first_(first), bytes_(std::move(bytes)) {}
    std::uint64_t first_;
    Buffer bytes_;
};

// Calls `each` for every job with its entry's bytes; jobs whose run cannot be fetched are left out.
template <typename Each>
void for_each_fetched(store::ObjectStore& store, std::span<const Job> jobs, const Each& each) {
    while (!jobs.empty()) {
        const auto together = jobs.first(length_of_run(jobs));
        jobs = jobs.subspan(together.size());
        const auto run = Run::fetch(store, together);
        if (run) each(together, *run);
    }
}

// Reads what it can in runs, and what failed so one by one, by every way there is.
class Batch {
public:
    using State = ChunkReader::State;
    Batch(const State& state, std::span<const ChunkReader::Wanted> wanted, ChunkType type, ChunkReader::Lately lately)
        : state_(state), wanted_(wanted), type_(type), lately_(lately), done_(wanted.size(), false) {}

    Result<void> run(const ChunkReader::OnDamage& on_damage) {
        const auto jobs = TRY(plan());
        for_each_fetched(state_.store, jobs, [&](std::span<const Job> together, const Run& run) {
            const auto bases = fetch_bases(together);
            for (const Job& job : together) {
                done_[job.number] = state_.decode({.entry = job.entry, .bytes = run.entry(job), .type = type_}, bases,
                                                  wanted_[job.number].into).ok();
            }
        });
        for (std::size_t i = 0; i < wanted_.size(); ++i) {
            if (done_[i]) continue;
            auto read = read_alone(i);
            if (!read && !on_damage) return read;
            if (!read) on_damage(i, read.error());
        }
        return {};
    }

private:
    // The best entry of each chunk, in the order of their places. A chunk wanted again is copied, not read again.
    Result<std::vector<Job>> plan() {
        std::vector<Job> jobs;
        for (std::size_t i = 0; i < wanted_.size(); ++i) {
            if (!first_with_.try_emplace(wanted_[i].id, i).second) continue;
            if (lately_ == ChunkReader::Lately::take && is_at_hand(i)) continue;
            for (IndexEntry& entry : TRY(state_.index.find(wanted_[i].id))) {
                if (entry.plain_size != wanted_[i].into.size() || !is_possible(entry)) continue;
                jobs.push_back({.entry = std::move(entry), .number = i});
                break;
            }
        }
        sort_by_place(jobs);
        return jobs;
    }

    // Who reads two backups reads the bases of one in the other.
    bool is_at_hand(std::size_t which) {
        const auto& [id, into] = wanted_[which];
        const auto base = state_.unproven_bases.find(id);
        if (!base || base->size() != into.size()) return false;
        std::copy(base->begin(), base->end(), into.begin());
        return done_[which] = state_.keys.name_of(type_, into) == id;
    }

    // The bases of a run that are not at hand yet, read in runs themselves. What fails is left for read_alone(), and so is
    // what a damaged base spoils.
    State::Bases fetch_bases(std::span<const Job> jobs) const {
        State::Bases bases;
        std::vector<Job> missing;
        for (const Job& job : jobs) {
            for (const ChunkId& id : job.entry.bases) {
                if (bases.contains(id)) continue;
                bases[id] = state_.decoded.find(id);
                if (!bases[id]) bases[id] = state_.unproven_bases.find(id);
                if (bases[id]) continue;
                const auto entries = state_.index.find(id);
                if (!entries || entries->empty() || !stands_alone(entries->front().kind)) continue;
                if (is_possible(entries->front())) missing.push_back({.entry = entries->front()});
            }
        }
        sort_by_place(missing);
        for_each_fetched(state_.store, missing, [&](std::span<const Job> together, const Run& run) {
            for (const Job& job : together) {
                auto plain = std::make_shared<Bytes>(job.entry.plain_size);
                if (!state_.decode_unproven({.entry = job.entry, .bytes = run.entry(job), .type = type_}, {}, *plain)) continue;
                state_.unproven_bases.put(job.entry.id, plain, plain->size());
                bases[job.entry.id] = std::move(plain);
            }
        });
        std::erase_if(bases, [](const auto& base) { return base.second == nullptr; });
        return bases;
    }

    Result<void> read_alone(std::size_t which) {
        const auto& [id, into] = wanted_[which];
        const std::size_t first = first_with_.at(id);
        if (done_[first] && wanted_[first].into.size() == into.size()) {
            std::copy(wanted_[first].into.begin(), wanted_[first].into.end(), into.begin());
        } else {
            const Bytes plain = TRY(state_.read({.id = id, .type = type_}));
            if (plain.size() != into.size()) {
                return fail(ErrorCode::corrupt, "read chunk {}: it has {} bytes where {} are wanted", id.hex(), plain.size(),
                            into.size());
            }
            std::copy(plain.begin(), plain.end(), into.begin());
        }
        done_[which] = true;
        return {};
    }

    const State& state_;
    const std::span<const ChunkReader::Wanted> wanted_;
    const ChunkType type_;
    const ChunkReader::Lately lately_;
    std::vector<bool> done_;
    std::unordered_map<ChunkId, std::size_t, NameHasher> first_with_;
};

}  // namespace

Result<void> ChunkReader::read_many(std::span<const Wanted> wanted, ChunkType type, const OnDamage& on_damage, Lately lately) const {
    return Batch(*state_, wanted, type, lately).run(on_damage);
}

}  // namespace holdfast::repository
