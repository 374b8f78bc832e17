// The report for asking others: what helps to understand, and nothing that is nobody's business.
#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/platform.h"
#include "holdfast/operations/audit_log.h"
#include "holdfast/operations/doctor_looks.h"
#include "holdfast/operations/outcome.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view header =
    "holdfast doctor report\n"
    "\n"
    "What is in here: versions of holdfast, its libraries and the system; the paths, sizes and file systems of the databases\n"
    "and of the repository; ages of backups; what doctor found; the last commands with their outcomes. What is not: rows,\n"
    "names of tables or sources, values of settings, comments, SQL, passwords and keys; the home folder is shown as ~, names\n"
    "of users and of this machine as USER and HOST. Read it before you send it: paths outside of the home folder are shown.\n";

bool is_part_of_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Whole words only: a user called "app" does not make "application" unreadable.
std::string without_word(const std::string& text, const std::string& word, std::string_view instead) {
    if (word.empty()) return text;
    std::string out;
    std::size_t from = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        if (at < from) continue;
        const auto end = at + word.size();
        const bool is_whole = (at == 0 || !is_part_of_word(text[at - 1])) && (end == text.size() || !is_part_of_word(text[end]));
        if (!is_whole) continue;
        out.append(text, from, at - from).append(instead);
        from = end;
    }
    return out.append(text, from);
}

// Of other people's homes the names go, too.
std::string without_homes(std::string text) {
    constexpr std::string_view homes = "/home/";
    for (auto at = text.find(homes); at != std::string::npos; at = text.find(homes, at + 1)) {
        const auto begin = at + homes.size();
        text.replace(begin, text.find_first_of("/ \n'\"", begin) - begin, "USER");
    }
    return text;
}

class Scrubber {
public:
    explicit Scrubber(host::FileSystem& files) : homes_{host::home_folder()} {
        if (const auto real = files.canonical(homes_.front())) homes_.push_back(*real);
    }
    std::string of(std::string text) const {
        for (const auto& home : homes_) text = home.size() > 1 ? without_word(text, home, "~") : text;
        text = without_homes(std::move(text));
        text = without_word(text, host::user_name(), "USER");
        const std::string name = host::host_name();
        text = without_word(text, name, "HOST");
        return without_word(text, name.substr(0, name.find('.')), "HOST");
    }

private:
    std::vector<std::string> homes_;
};

std::string versions() {
    const auto platform = host::platform();
    return format("holdfast {}\n{}system {}\nkernel {}\narchitecture {}\n", HOLDFAST_VERSION, library_versions(), platform.system, platform.kernel, platform.architecture);
}

std::string backups(const Consultation& consultation) {
    if (!consultation.status) return "the repository is not there, or could not be opened\n";
    const auto& status = *consultation.status;
    std::string out = format("{}: {}, {} used, {} free, {} forgotten, {} unfinished\n", status.repository, status.encrypted ? "sealed" : "not sealed", human_bytes(status.repository_bytes),
                             human_bytes(status.free_bytes), status.forgotten, status.unfinished.size());
    std::uint64_t number = 0;
    for (const auto& source : status.sources) {
        const auto age = [](const std::optional<std::int64_t>& seconds) { return seconds ? human_duration_ms(static_cast<double>(*seconds) * 1000) : std::string("none"); };
        out += format("source {}: {} backups of {}; age of the last success {}, of the newest proof {}; last drill {}\n", ++number, source.backups, human_bytes(source.logical_bytes),
                      age(source.age_s), age(source.proven_age_s), source.last_drill.empty() ? "never" : source.last_drill);
    }
    return out;
}

// What an error says may quote SQL, what a hook printed, or what somebody typed: its message is told only where none of
// these can be in it.
std::string line_of(const AuditEntry& entry) {
    constexpr std::array<std::string_view, 6> plain = {"verify", "prune", "forget", "recall", "unlock", "init"};
    const bool may_quote = entry.code == name_of(ErrorCode::invalid) || std::ranges::find(plain, entry.event) == plain.end();
    const std::string message = entry.code.empty() || may_quote ? std::string() : ": " + printable(entry.message);
    return format("{}  {:<8} {}{}{} ({})\n", to_rfc3339(entry.time), entry.event, entry.outcome, entry.code.empty() ? "" : " " + entry.code, message, human_duration_ms(entry.duration_ms));
}

// The newest entries of a log, and of them that failed, oldest first.
struct LastEntries {
    static constexpr std::size_t count_max = 20;
    std::vector<AuditEntry> all, failed;

    static void keep(std::vector<AuditEntry>& into, const AuditEntry& entry) {
        into.insert(std::ranges::upper_bound(into, entry.time, {}, &AuditEntry::time), entry);
        if (into.size() > count_max) into.erase(into.begin());
    }
    void add(const AuditEntry& entry) {
        keep(all, entry);
        if (entry.outcome != "done") keep(failed, entry);
    }
};

// What failed before it had found a repository stands in a log of its own.
std::string last_commands(Consultation& consultation) {
    std::set<std::string> paths = {audit_log_path("")};
    if (consultation.status) paths.insert(audit_log_path(consultation.status->id));
    if (const auto& named = consultation.settings->settings.log.audit; !named.empty()) paths.insert(named);
    LastEntries last;
    std::string out;
    for (const auto& path : paths) {
        const auto read = read_audit_log(consultation.context.host.files, path, [&](const AuditLine& line) -> Result<void> {
            if (line.entry) last.add(*line.entry);
            return {};
        });
        if (!read && read.error().code() != ErrorCode::not_found) out += format("a log could not be read: {}\n", name_of(read.error().code()));
    }
    for (const auto& entry : last.all) out += line_of(entry);
    out += format("\nerrors of late ({})\n", last.failed.size());
    for (const auto& entry : last.failed) out += line_of(entry);
    return out;
}

std::string line_of(const Finding& finding) {
    const std::string what = finding.may_quote ? "(left out: it may quote settings or names of tables)" : finding.what;
    return format("{:<8} {:<10} {}{}{}\n", name_of(finding.severity), finding.about, finding.subject, finding.subject.empty() ? "" : ": ", what);
}

}  // namespace

std::string report_for_others(Consultation& consultation, const DoctorReport& report) {
    std::string text = "\nversions\n" + versions() + "\nbackups\n" + backups(consultation) + format("\nfindings (faults: {}, warnings: {})\n", report.faults, report.warnings);
    for (const auto& finding : report.findings) text += line_of(finding);
    text += "\nlast commands\n" + last_commands(consultation);
    std::string lines;
    for (const auto& line : split(text, '\n')) lines += printable(line) + "\n";
    return std::string(header) + Scrubber(consultation.context.host.files).of(std::move(lines));
}

}  // namespace holdfast::operations
