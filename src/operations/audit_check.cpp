#include "holdfast/operations/audit_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t findings_max = 100;  // of each kind; the first ones say what happened
constexpr std::size_t torn_size_max = 16 * 1024 * 1024;

// Lines that are no entries, until an entry tells what they are.
struct Torn {
    std::uint64_t line = 0;  // the first; 0: none
    std::string bytes;       // newlines between them included
};

class Checking {
public:
    Checking(const std::vector<KeptHead>& heads, std::string place) : place_(std::move(place)) {
        for (const auto& kept : heads) heads_[{kept.head.log, kept.head.sequence}].push_back(&kept);
    }

    void take(const AuditLine& line) {
        if (!line.entry) {
            keep_torn(line);
            return;
        }
        const auto& entry = *line.entry;
        if (check_.log.empty()) check_.log = entry.log;
        if (!torn_.bytes.empty()) explain_torn(entry);
        check_order(line, entry);
        ++check_.entries;
        if (entry.event == "head_differs") damage(line.number, "tells that the log did not end as the head beside it said: entries were removed or changed before it");
        const Hash hash = sha256(bytes_of(line.text));
        compare_with_heads(line.number, entry, hash);
        last_ = {.line = line.number, .sequence = entry.sequence, .hash = hash.hex()};
    }

    AuditCheck finish() {
        if (!torn_.bytes.empty()) {
            remark(torn_.line, format("{} bytes behind the last entry are none: torn by a power cut, or changed; the next entry will tell of them", torn_.bytes.size()));
        }
        for (const auto& [key, kept] : heads_) judge_unseen(key.first, kept);
        return std::move(check_);
    }

private:
    struct Last {
        std::uint64_t line = 0, sequence = 0;
        std::string hash;  // hex
    };

    void damage(std::uint64_t line, std::string what) {
        if (check_.damage.size() < findings_max) check_.damage.push_back({.line = line, .what = std::move(what)});
    }
    void remark(std::uint64_t line, std::string what) {
        if (check_.remarks.size() < findings_max) check_.remarks.push_back({.line = line, .what = std::move(what)});
    }

    void keep_torn(const AuditLine& line) {
        if (torn_.bytes.empty()) torn_.line = line.number;
        if (torn_.bytes.size() + line.text.size() < torn_size_max) torn_.bytes += line.text;
        if (line.is_ended) torn_.bytes += '\n';
    }

    // The entry behind them was written when they were there: it knows their hash. The last newline may be its own.
    void explain_torn(const AuditEntry& entry) {
        const auto* told = entry.event == "repaired" ? entry.details.find("torn_sha256") : nullptr;
        const auto* hash = told ? told->as_text() : nullptr;
        const auto has_hash = [&](std::string_view bytes) { return hash && *hash == sha256(bytes_of(bytes)).hex(); };
        const std::string_view bytes = torn_.bytes;
        if (has_hash(bytes) || has_hash(bytes.substr(0, bytes.size() - 1))) {
            remark(torn_.line, format("{} bytes were torn by a power cut; entry {} tells of them", bytes.size(), entry.sequence));
        } else {
            damage(torn_.line, "is no entry, and no entry tells why");
        }
        torn_ = {};
    }

    void check_order(const AuditLine& line, const AuditEntry& entry) {
        const std::uint64_t expected = last_.sequence + 1;
        if (entry.log != check_.log) {
            damage(line.number, format("is entry {} of another log, {}", entry.sequence, printable(entry.log)));
        } else if (entry.sequence > expected) {
            const std::uint64_t missing_to = entry.sequence - 1;
            damage(line.number, missing_to == expected ? format("is entry {}: entry {} is missing before it", entry.sequence, expected)
                                                       : format("is entry {}: entries {} to {} are missing before it", entry.sequence, expected, missing_to));
        } else if (entry.sequence < expected) {
            damage(line.number, format("is entry {}, behind entry {}: it is not in its place, or there twice", entry.sequence, last_.sequence));
        } else if (entry.previous != last_.hash) {
            damage(std::max<std::uint64_t>(last_.line, 1), last_.line == 0 ? std::string("claims an entry before the first one")
                                        : format("was changed: it is not the entry {} that entry {} was written behind", last_.sequence, entry.sequence));
        }
    }

    void compare_with_heads(std::uint64_t line, const AuditEntry& entry, const Hash& hash) {
        const auto at = heads_.find({entry.log, entry.sequence});
        if (at == heads_.end()) return;
        std::vector<const KeptHead*> others;
        for (const auto* kept : at->second) {
            if (kept->head.last_line == hash) ++check_.heads_matched;
            else others.push_back(kept);
        }
        if (!others.empty()) damage(line, format("is not the entry {} that {} knows{}", entry.sequence, others.front()->where, and_more(others.size())));
        heads_.erase(at);
    }

    static std::string and_more(std::size_t count) { return count > 1 ? format(" (and {} more)", count - 1) : std::string(); }

    void judge_unseen(const std::string& log, const std::vector<const KeptHead*>& kept) {
        const auto& first = *kept.front();
        const bool is_here = first.head.place == place_;
        if (log == check_.log) {
            damage(0, first.head.sequence > last_.sequence
                          ? format("{} knows entry {}{}: the log ends with entry {}, its tail was cut", first.where, first.head.sequence, and_more(kept.size()), last_.sequence)
                          : format("{} knows entry {}{}, which is missing", first.where, first.head.sequence, and_more(kept.size())));
        } else if (!is_here) {
            if (std::ranges::find(check_.other_logs, log) == check_.other_logs.end()) check_.other_logs.push_back(log);
        } else if (replaced_.insert(log).second) {
            damage(0, format("{} knows another log, {}, that was in this place: it was {}", first.where, printable(log),
                             check_.log.empty() ? "removed" : "replaced by this one"));
        }
    }

    std::string place_;
    std::map<std::pair<std::string, std::uint64_t>, std::vector<const KeptHead*>> heads_;  // not met yet
    AuditCheck check_;
    Last last_;
    Torn torn_;
    std::set<std::string> replaced_;
};

}  // namespace

Result<AuditCheck> check_audit_log(host::Host host, const std::string& path, const std::vector<KeptHead>& heads) {
    Checking checking(heads, TRY(audit_log_place(host.files, path)));
    const auto take = [&](const AuditLine& line) -> Result<void> {
        checking.take(line);
        return {};
    };
    if (TRY(host::exists(host.files, path))) TRY(read_audit_log(host.files, path, take));
    return checking.finish();
}

}  // namespace holdfast::operations
