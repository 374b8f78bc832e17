// PruneSurvey: what a repository holds and needs at one moment, as prune sees it.
#pragma once

#include "holdfast/repository/chosen_entries.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/lease.h"
#include "holdfast/repository/repository.h"

namespace holdfast::repository {

// Reads only. Looked at again before anything is removed; what snapshots need is kept from one look to the next.
class PruneSurvey {
public:
    explicit PruneSurvey(Repository& repository) : repository_(repository), live_(repository.chunks()) {}

    // `dropped` numbers need nothing, unless a lease holds them. Packs in `here` are condemned by this prune.
    struct Question {
        const NumberSet& dropped;
        const std::vector<LeaseSeen>& leases;
        const Condemned& here;
        const std::vector<std::string>& own_lists;  // ids of this prune's condemned lists
    };
    // In the order that makes two prunes at once harmless: lists, then index, then packs, then snapshots.
    // corrupt: a snapshot that is kept, or what it needs, cannot be read.
    Result<void> look(const Question& question, const Watch& watch);

    const Ledger& ledger() const { return ledger_; }
    const NumberSet& foldable() const { return foldable_; }
    const std::vector<CondemnedList>& other_lists() const { return other_lists_; }
    const std::vector<PackInStore>& packs() const { return packs_; }
    const ChosenEntries& chosen() const { return chosen_; }
    bool index_was_incomplete() const { return index_was_incomplete_; }  // entries had to be read out of packs

private:
    Result<void> list(const Question& question);
    Result<void> read_snapshots(const Question& question, const Watch& watch);
    Result<void> choose();

    Repository& repository_;
    LiveChunks live_;
    NumberSet read_;          // snapshots whose needs, where they count, are in live_
    NumberSet voided_;
    NumberSet unfinished_;    // numbers that snapshots tell were unfinished
    Ledger ledger_;
    NumberSet foldable_;      // void numbers and explained holes, claimed by nobody: a gap record may name them
    std::vector<CondemnedList> other_lists_;
    std::vector<PackInStore> packs_;
    ChosenEntries chosen_;
    bool index_was_incomplete_ = false;
};

}  // namespace holdfast::repository
