#include "holdfast/agree/ask_program.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/run_program.h"

namespace holdfast::agree {

namespace {

constexpr std::size_t output_kept_max = 4 * 1024, lines_kept_max = 5;
constexpr int shell_finds_none = 127, shell_may_not = 126;

}  // namespace

std::string last_lines(const std::string& output) {
    std::vector<std::string> lines;
    for (const auto& line : split(output, '\n')) {
        if (!trim(line).empty()) lines.push_back(printable(trim(line)));
    }
    std::string all;
    for (std::size_t i = lines.size() - std::min(lines.size(), lines_kept_max); i < lines.size(); ++i) all += (all.empty() ? "" : "; ") + lines[i];
    return all;
}

Result<void> ask_program(const ProgramQuestion& question, const Watch& watch) {
    host::OutputTail tail(output_kept_max);
    host::ProgramOrder order;
    order.words = host::shell_words(question.command);
    order.folder = question.folder;
    order.environment = question.environment;
    order.output = host::ProgramOutput::taken_with_errors;
    order.take = [&](ByteView more) { return tail.take(more); };
    order.time_ms_max = std::max<std::int64_t>(question.time_ms_max, 1);
    order.stop = watch.stop;
    const auto end = host::run_program(order);
    TRY(watch.go_on());
    if (!end) return end.error().copy().with_code(ErrorCode::unavailable);
    if (end->is_success()) return {};
    const bool could_not = end->ending != host::ProgramEnding::by_itself || end->status == shell_finds_none || end->status == shell_may_not;
    const auto said = last_lines(tail.text());
    return fail(could_not ? ErrorCode::unavailable : ErrorCode::corrupt, "its command {}{}{}", end->text(), said.empty() ? "" : ": ", said);
}

}  // namespace holdfast::agree
