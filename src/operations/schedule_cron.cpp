#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/schedule_definitions.h"

namespace holdfast::operations {

namespace {

std::string first_line(const std::string& id) { return format("# begin holdfast schedule {} (holdfast schedule remove takes it away)", id); }
std::string last_line(const std::string& id) { return format("# end holdfast schedule {}", id); }

// Where a line that is exactly this begins; npos: nowhere.
std::size_t find_line(const std::string& text, const std::string& line, std::size_t from) {
    for (std::size_t at = text.find(line, from); at != std::string::npos; at = text.find(line, at + 1)) {
        const std::size_t end = at + line.size();
        if ((at == 0 || text[at - 1] == '\n') && (end == text.size() || text[end] == '\n')) return at;
    }
    return std::string::npos;
}

}  // namespace

// In cron, '%' is a newline unless it is escaped, also between quotes; everything else is for /bin/sh.
Result<std::string> cron_command(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words) {
        if (const std::string quoted = shell_word(word); quoted.starts_with('$')) {  // what only bash understands
            return fail(ErrorCode::invalid, "write a crontab: '{}' cannot be said in one", printable(word)).with_advice("another folder, or another name");
        }
        line += (line.empty() ? "" : " ") + shell_word(word);
    }
    return line;
}

Result<std::string> cron_block(const SchedulePlan& plan) {
    std::string block = first_line(plan.id) + "\n";
    int minute = 7;  // when most others are not at work; a job that was missed starts within an hour
    for (const auto& job : plan.jobs) {
        std::string prefix = "cd " + TRY(cron_command({plan.folder})) + " && ";
        for (const auto& [name, value] : plan.environment) prefix += name + "=" + TRY(cron_command({value})) + " ";
        for (const auto when : {SchedulePlan::When::now, SchedulePlan::When::if_missed}) {
            const std::string at = when == SchedulePlan::When::now ? job.time.cron_line() : format("{} * * * *", minute);
            std::string command = prefix + TRY(cron_command(plan.words(job, when))) + " --quiet";
            for (std::size_t percent = command.find('%'); percent != std::string::npos; percent = command.find('%', percent + 2)) command.insert(percent, "\\");
            block += at + " " + command + "\n";
        }
        minute += 4;
    }
    return block + last_line(plan.id) + "\n";
}

std::string with_cron_block(const std::string& crontab, const std::string& block) {
    const bool is_line_open = !crontab.empty() && !crontab.ends_with('\n');
    return crontab + (is_line_open ? "\n" : "") + block;
}

Result<std::string> without_cron_block(const std::string& crontab, const std::string& id) {
    std::string rest = crontab;
    for (std::size_t begin = find_line(rest, first_line(id), 0); begin != std::string::npos; begin = find_line(rest, first_line(id), begin)) {
        const std::size_t end = find_line(rest, last_line(id), begin);
        if (end == std::string::npos) {
            return fail(ErrorCode::invalid, "change the crontab: the block of schedule {} has no end", id).with_advice("take it out by hand: crontab -e");
        }
        const std::size_t behind = std::min(rest.size(), end + last_line(id).size() + 1);
        rest.erase(begin, behind - begin);
    }
    return rest;
}

}  // namespace holdfast::operations
