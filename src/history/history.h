// The past of databases in a repository: its moments, choosing one, and opening it as an image.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "holdfast/history/selector.h"
#include "holdfast/repository/repository.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::history {

// A point in time to which a source can be brought back: a snapshot and what has been noted about it since.
struct Moment {
    repository::Snapshot snapshot;
    repository::NoteSummary notes;
    // Of a snapshot and its notes: an annotation stands in place of the snapshot's own comment and tags.
    static Moment of(repository::Snapshot snapshot, const repository::NotesRead& notes);
    bool is_good() const;  // passed verification at level `opened`, or a drill, and nothing is known against it
    bool is_bad() const;   // marked damaged, or its newest verification found something
};

// Which moments are meant. Of which source (both empty: of any): a source matches when one of them does: a word may be one source's name and,
// read as a path, another's database, and then it tells neither.
struct Filter {
    std::string source = {};      // its name, or a prefix of its id of at least 8 hex digits
    std::string path = {};        // canonical, of a database that belongs to it
    bool with_forgotten = false;
    // And which of its moments; empty: all.
    std::vector<repository::SnapshotKind> kinds = {};
    std::string operation = {};
    std::vector<std::string> tags = {};  // "key" or "key=value"; every one of them
    bool held_only = false;
    bool is_any() const { return source.empty() && path.empty(); }  // source
    bool is_narrow() const { return !kinds.empty() || !operation.empty() || !tags.empty() || held_only; }
};
bool matches(const repository::SourceRecord& source, const Filter& filter);
bool matches(const Moment& moment, const Filter& filter);  // source and all
// "key=value", or "key" alone when there is no value.
std::string text_of(const std::pair<std::string, std::string>& tag);

// A backup adopted from elsewhere says so by its program: its number tells when it was adopted, its time which moment it
// holds.
std::string adopting_program(std::string_view program);
bool is_adopted(const repository::Snapshot& snapshot);
// Clocks differ by minutes; more than that is a time that has not come by.
constexpr std::int64_t clocks_differ_s = 300;
constexpr bool is_in_future(Timestamp time, Timestamp now) {  // of any times, as files may state them
    const auto ahead = static_cast<std::uint64_t>(time.nanoseconds) - static_cast<std::uint64_t>(now.nanoseconds);
    return time > now && ahead > static_cast<std::uint64_t>(clocks_differ_s * nanoseconds_per_second);
}
// It was adopted with a time that had not come by then: nobody knows which moment it holds, also when that time has come.
bool is_misdated(const repository::Snapshot& snapshot);
// Numbers order what was backed up here, however clocks were set meanwhile; adopted moments stand among them by their times,
// and misdated ones behind all others.
// Of moments in ascending order of numbers; pointers into them.
std::vector<const Moment*> newest_first(std::span<const Moment> moments);

struct MomentList {
    std::vector<Moment> moments;                              // ascending by number
    std::map<repository::SnapshotNumber, Error> damaged;      // of any source: whose they are cannot be read
    std::vector<Error> note_damage;
    repository::SnapshotNumber highest;
};
Result<MomentList> list_moments(const repository::Repository& repository, const Filter& filter);

// What was chosen, and what a person should know of the choice: newer backups that were passed over or cannot be read,
// databases that are missing in it.
struct Choice {
    Moment moment;
    std::vector<std::string> warnings;
};
// The moment meant. `latest`, `last-good` and times pass over forgotten and bad snapshots, over partial ones, and those that are not of one moment, unless nothing
// is whole, over safety ones unless their kind is asked for, and with a path over those without that database; a number
// or id finds them too. Several sources match: `invalid`, naming them. Nothing found: `not_found` with neighbours, or with
// the sources that exist.
Result<Choice> select_moment(const repository::Repository& repository, const Selector& selector, const Filter& filter);

// The image of a database member. Reads chunks as pages are asked for; reference to repository. `corrupt` when the
// record does not fit the content.
Result<std::unique_ptr<sqlite::Image>> open_image(const repository::Repository& repository,
                                                  const repository::DirectoryEntry& member);

// Forget and recall are notes. `not_found`/`invalid` (already so, or held)/`busy` (in use) name the snapshot, and nothing is changed then.
using Numbers = std::span<const repository::SnapshotNumber>;
Result<void> forget(repository::Repository& repository, Numbers numbers, Timestamp now);
// Whether forget would take it: `invalid` as there.
Result<void> expect_forgettable(repository::SnapshotNumber number, const repository::NoteSummary& notes);
// `busy`: somebody who is at work relies on going back to one of them, and says who.
Result<void> expect_not_in_use(const repository::Repository& repository, Numbers numbers);
Result<void> recall(repository::Repository& repository, Numbers numbers, Timestamp now);
// A held one is not forgotten by anybody, until it is no longer held. `invalid`: it is forgotten already.
Result<void> hold(repository::Repository& repository, Numbers numbers, const repository::Note& why);
Result<void> unhold(repository::Repository& repository, Numbers numbers, Timestamp now);

// Forgotten snapshots: at least `grace_s` ago (what prune may drop), and the others.
struct Forgotten {
    std::vector<repository::SnapshotNumber> ripe;     // ascending; none that is held
    std::vector<repository::SnapshotNumber> in_grace;
};
// `corrupt` when there are ripe ones and a note cannot be read: it may say that one of them was recalled.
Result<Forgotten> forgotten_snapshots(const repository::Repository& repository, Timestamp now, std::int64_t grace_s);

}  // namespace holdfast::history
