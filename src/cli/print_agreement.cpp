#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string facts_of(const operations::AgreementResult& result) {
    std::string facts;
    const auto add = [&](const std::string& fact) { facts += (facts.empty() ? "" : ", ") + fact; };
    if (!result.type.empty()) add(printable(result.type));
    if (result.count) add(format("{} in it", *result.count));
    if (result.dimension) add(format("dimension {}", *result.dimension));
    if (!result.model.empty()) add("model " + printable(result.model));
    return facts.empty() ? "" : "  (" + facts + ")";
}

}  // namespace

std::string agreement_lines(const std::vector<operations::AgreementResult>& results, const Style& style) {
    std::string out;
    for (const auto& result : results) {
        const std::string verdict = result.verdict == "agrees"        ? style.good("agrees:")
                                    : result.verdict == "placeholder" ? std::string("placeholder:")
                                    : result.verdict == "could_not"   ? style.bad("could not be checked:")
                                                                      : style.bad("disagrees:");
        out += format("  {} {}{}\n", verdict, result.file.empty() ? result.kind : printable(result.file), facts_of(result));
        for (const auto& reason : result.reasons) out += format("    {}\n", printable(reason));
        for (const auto& note : result.notes) out += format("    not in use: {}\n", printable(note));
    }
    return out;
}

std::string text_of(const operations::AgreementReport& report, const Style& style) {
    std::string out;
    for (const auto& source : report.sources) {
        out += format("{}, {}\n", style.bold(printable(source.source)), source.number == 0 ? "as it is now" : source.of);
        out += source.agreement.empty() ? "  there is nothing that would have to agree\n" : agreement_lines(source.agreement, style);
    }
    return out + lines("note: ", report.warnings);
}

}  // namespace holdfast::cli
