// Finding: one thing that doctor saw: how serious it is, why it matters, and the command that helps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::operations {

enum class Severity { ok, info, warning, fault };
std::string_view name_of(Severity severity);

struct Finding {
    Severity severity = Severity::ok;
    std::string about = {};    // the kind of look: settings, sqlite, file, users, wal, place, room, content, repository, backups, clock, schedule
    std::string subject = {};  // a path, or empty
    std::string what = {};
    std::string why = {};      // why it matters; empty: nothing is wrong
    std::string remedy = {};   // a command that can be run as it stands, or what to do; empty: nothing need be done
    bool may_quote = false;  // `what` may hold words of settings or databases: left out of a report for others
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("severity", std::string(name_of(severity)), "ok, info, warning or fault.");
        visit("about", about, "What was looked at: settings, sqlite, file, users, wal, place, room, content, repository, backups, clock or schedule.");
        visit("subject", subject, "Of which file or folder.");
        visit("what", what, "What was seen.");
        visit("why", why, "Why it matters.");
        visit("remedy", remedy, "A command to run, or what to do.");
    }
};

// The order in which looks saw them.
class Findings {
public:
    void add(Finding finding) { all_.push_back(std::move(finding)); }
    const std::vector<Finding>& all() const { return all_; }
    std::vector<Finding> take() { return std::move(all_); }

private:
    std::vector<Finding> all_;
};

}  // namespace holdfast::operations
