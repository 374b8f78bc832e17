// Restores in place that were interrupted: what they left beside the databases.
#include <algorithm>
#include <set>

#include "holdfast/operations/doctor_looks.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

// The journal of a set lies beside one of its databases, and tells of them all.
std::vector<std::string> with_those_beside(const Consultation& consultation, const std::vector<std::string>& databases) {
    std::set<std::string> all(databases.begin(), databases.end());
    if (!consultation.status) return databases;
    for (const auto& source : consultation.status->sources) {
        const auto is_meant = [&](const std::string& path) { return std::ranges::find(databases, path) != databases.end(); };
        if (std::ranges::any_of(source.paths, is_meant)) all.insert(source.paths.begin(), source.paths.end());
    }
    return {all.begin(), all.end()};
}

}  // namespace

void look_at_restores(Consultation& consultation, const std::vector<std::string>& databases) {
    for (const auto& seen : unfinished_restores(consultation.context, with_those_beside(consultation, databases))) {
        const bool is_harmless = seen.is_harmless();
        consultation.findings.add({.severity = is_harmless ? Severity::info : Severity::fault, .about = "file", .subject = seen.journal, .what = seen.what,
                                   .why = is_harmless ? "" : "files of the backup may lie beside a database of before, or the other way round; nothing should write to them until that is ended", .remedy = seen.remedy});
    }
}

}  // namespace holdfast::operations
