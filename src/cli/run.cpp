#include "holdfast/cli/run.h"

#include <algorithm>
#include <cstdio>
#include <span>

#include "holdfast/base/text.h"
#include "holdfast/cli/arguments.h"
#include "holdfast/cli/find_verb.h"
#include "holdfast/cli/progress_bar.h"
#include "holdfast/cli/verbs.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/console.h"
#include "holdfast/operations/audit_trail.h"
#include "holdfast/operations/outcome.h"

namespace holdfast::cli {
namespace {

void print(std::FILE* to, const std::string& text) { std::fwrite(text.data(), 1, text.size(), to); }

// False: not all of it has arrived (a full disk, a pipe that was closed).
bool finished_writing() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

int show(const std::string& text) {
    print(stdout, text);
    return finished_writing() ? 0 : operations::exit_code_of(ErrorCode::unavailable);
}

int report_error(const Error& error, bool json) {
    if (json) {
        Json inside;
        inside.set("code", name_of(error.code())).set("message", error.message()).set("advice", error.advice());
        print(stderr, Json().set("error", inside).to_text() + "\n");
    } else {
        std::string message;  // of several lines where several things are wrong
        for (const auto& line : split(error.message(), '\n')) message += (message.empty() ? "holdfast: " : "\n") + printable(line);
        print(stderr, message + "\n");
        if (!error.advice().empty()) print(stderr, format("  try: {}\n", printable(error.advice())));
    }
    if (error.code() == ErrorCode::cancelled && host::stopping_signal() != 0) return 128 + host::stopping_signal();
    return operations::exit_code_of(error.code());
}

// Warnings of the log as JSON lines, where everything on standard error is one.
class JsonLog final : public host::Log {
public:
    void write(host::LogLevel level, std::string_view message) override {
        if (level < host::LogLevel::warning) return;
        print(stderr, Json().set("warning", std::string(message)).to_text() + "\n");
    }
};

const VerbNames& verb_names() {
    static const VerbNames names = [] {
        VerbNames all;
        for (const auto& entry : verbs()) all.push_back(entry.name);
        return all;
    }();
    return names;
}

// "retention": the first word of verbs, and none by itself.
bool is_group(const std::string& word) { return !second_words(verb_names(), word).empty(); }

int no_such_verb(const std::string& message, const std::string& near, bool json) {
    return report_error(fail(ErrorCode::invalid, "{}", message).with_advice(near.empty() ? "holdfast --help" : format("holdfast {}", near)), json);
}

int unknown_verb(std::span<const std::string> words, bool json) {
    const std::string near = nearest_verb(verb_names(), words);
    if (!is_group(words[0])) return no_such_verb(format("there is no command {}", words[0]), near, json);
    std::string known;
    for (const auto second : second_words(verb_names(), words[0])) known += format("{}{}", known.empty() ? "" : ", ", second);
    if (words.size() < 2 || words[1].starts_with('-')) {
        return no_such_verb(format("holdfast {}: which command: {}", words[0], known), format("{} --help", words[0]), json);
    }
    return no_such_verb(format("there is no command {} {}; there is: {}", words[0], words[1], known), near, json);
}

int missing_verb(const std::vector<std::string>& words, bool json) {
    std::string near;
    for (std::size_t at = 0; at < words.size() && near.empty(); ++at) {
        if (!words[at].starts_with('-')) near = nearest_verb(verb_names(), std::span(words).subspan(at));
    }
    return no_such_verb(format("{} is no command, and none is named", words[0]), near, json);
}

bool has_word(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// A verb's own flags, and those that every verb has.
std::vector<BoundField> joined(std::vector<BoundField> own, const std::vector<BoundField>& common) {
    own.insert(own.end(), common.begin(), common.end());
    return own;
}

bool is_switch(const BoundField& field) { return std::holds_alternative<bool*>(field.target); }

// How many words the flag takes that stands first, its value among them; 0: the verb has no such flag.
std::size_t words_of_flag(const std::vector<BoundField>& fields, const std::string& word) {
    const auto find = [&](auto is_called) {
        return std::ranges::find_if(fields, [&](const BoundField& field) { return !field.text.positional && is_called(field.text); });
    };
    if (word.starts_with("--")) {
        const auto equals = word.find('=');
        const auto flag = find([name = word.substr(2, equals - 2)](const auto& text) { return text.name == name; });
        if (flag == fields.end()) return 0;
        return is_switch(*flag) || equals != std::string::npos ? 1 : 2;
    }
    for (std::size_t at = 1; at < word.size(); ++at) {  // letters may be joined, the last one's value too: -qr REPO, -rREPO
        const auto flag = find([letter = word[at]](const auto& text) { return text.letter == letter; });
        if (flag == fields.end()) return 0;
        if (!is_switch(*flag)) return at + 1 < word.size() ? 1 : 2;
    }
    return word.size() > 1 ? 1 : 0;
}

bool stand_before(const VerbEntry& verb, const std::vector<std::string>& words, std::size_t count) {
    EveryVerbsFlags flags;
    const auto fields = joined(verb.make()->text().fields, fields_of(flags));  // asked for their names only
    std::size_t at = 0;
    while (at < count) {
        const std::size_t taken = words[at].starts_with('-') ? words_of_flag(fields, words[at]) : 0;
        if (taken == 0) return false;
        at += taken;
    }
    return at == count;
}

// "-r REPO list" is "list -r REPO": a verb's flags may stand before it too, as other programs have it.
std::vector<std::string> with_verb_first(std::vector<std::string> words) {
    for (std::size_t at = 1; at < words.size() && words[0].starts_with('-'); ++at) {
        const auto verb = find_verb(verb_names(), std::span(words).subspan(at));
        if (!verb || !stand_before(verbs()[verb->at], words, at)) continue;
        const auto there = words.begin() + static_cast<std::ptrdiff_t>(at);
        std::rotate(words.begin(), there, there + static_cast<std::ptrdiff_t>(verb->words));
        break;
    }
    return words;
}

int help_with(std::span<const std::string> words, const std::vector<BoundField>& common) {
    if (const auto verb = find_verb(verb_names(), words)) return show(help_of(verbs()[verb->at].make()->text(), common));
    if (words.size() == 1 && is_group(words[0])) return show(overview_of_group(words[0], all_verb_texts()));
    return unknown_verb(words, false);
}

// Words that are no verb of the table: help, versions, and what packaging needs.
int run_without_verb(const std::vector<std::string>& words) {
    EveryVerbsFlags common;
    const auto common_fields = fields_of(common);
    const std::string first = words.empty() ? "" : words[0];
    const std::string second = words.size() > 1 ? words[1] : "";
    if (first == "--version" || first == "version") return show(format("holdfast {}\n{}", HOLDFAST_VERSION, operations::library_versions()));
    if (first == "--man") return show(man_page(all_verb_texts(), common_fields));
    if (first == "completion") {
        const std::string text = completion(second, all_verb_texts(), common_fields);
        return text.empty() ? report_error(fail(ErrorCode::invalid, "completion: no such shell").with_advice("holdfast completion bash (or zsh, fish)"), false) : show(text);
    }
    if (first == "help" && !second.empty()) return help_with(std::span(words).subspan(1), common_fields);
    if (is_group(first) && (second.empty() || second == "--help" || second == "-h")) return show(overview_of_group(first, all_verb_texts()));
    if (first.empty() || first == "help" || first == "--help" || first == "-h") return show(overview(all_verb_texts()));
    const bool json = has_word(words, "--json");
    return first.starts_with('-') ? missing_verb(words, json) : unknown_verb(words, json);
}

ProgressStyle progress_style(const EveryVerbsFlags& flags) {
    if (flags.progress || (flags.json && !flags.quiet)) return ProgressStyle::json_lines;
    const bool bar = !flags.quiet && host::is_terminal(host::Stream::error);
    return bar ? ProgressStyle::bar : ProgressStyle::none;
}

// Who sits at the terminal.
class PersonAtTerminal final : public operations::Person {
public:
    explicit PersonAtTerminal(std::stop_token stop) : stop_(std::move(stop)) {}
    Result<bool> agrees(const std::string& what_would_happen) override {
        print(stderr, what_would_happen);
        for (;;) {
            const std::string answer = TRY(host::line_from_terminal("go on? [y/N] ", stop_));
            if (answer == "y" || answer == "yes" || answer == "Y") return true;
            if (answer.empty() || answer == "n" || answer == "no" || answer == "N") return false;
        }
    }
    Result<std::string> words(const std::string& question) override { return host::line_from_terminal(question + ": ", stop_); }

private:
    std::stop_token stop_;
};

int run_verb(Verb& verb, const EveryVerbsFlags& flags) {
    ProgressBar progress(progress_style(flags));
    JsonLog json_log;
    const host::Host machine = host::real_host();
    host::outlive_file_size_limit();
    operations::Context context{
        .host = {machine.files, machine.clock, machine.random, flags.json ? json_log : machine.log},
        .watch = {.progress = &progress, .stop = host::stop_on_signals()},
        .vfs = "",
        .may_ask = host::is_terminal(host::Stream::input) && !flags.json,
        .errors_are_json = flags.json || flags.progress,
        .audit = std::make_shared<operations::AuditTrail>(operations::AuditOptions{}),
    };
    PersonAtTerminal person(context.watch.stop);
    if (context.may_ask && host::is_terminal(host::Stream::error)) context.person = &person;
    const Style style{.colour = host::is_terminal(host::Stream::output) && !host::environment("NO_COLOR"), .quiet = flags.quiet, .json = flags.json};
    auto answer = verb.run(context, style);
    progress.finish();
    if (!answer) return report_error(answer.error(), flags.json);
    std::FILE* to = answer->is_beside ? stderr : stdout;
    if (flags.json) print(to, answer->json.is_null() ? "" : answer->json.to_text() + "\n");
    else if (!flags.quiet || (answer->is_beside && answer->exit_code != 0)) print(to, answer->text);
    if (!flags.json && !flags.quiet) print(stderr, answer->notes);
    if (!finished_writing()) {
        return report_error(fail(ErrorCode::unavailable, "{}: it was done, but its result cannot be written to standard output", verb.text().operation.name)
                                .with_advice("make room there; holdfast list and status tell what was done"),
                            flags.json);
    }
    return answer->exit_code;
}

}  // namespace

int run(const std::vector<std::string>& given) {
    const auto words = with_verb_first(given);
    const auto found = find_verb(verb_names(), words);
    if (!found) return run_without_verb(words);
    const VerbEntry& entry = verbs()[found->at];
    const auto verb = entry.make();
    const VerbText text = verb->text();
    EveryVerbsFlags flags;
    const auto common_fields = fields_of(flags);
    const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(found->words), words.end());
    const std::vector<std::string> own(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(words_before_rest(rest)));
    if (has_word(own, "--help") || has_word(own, "-h")) return show(help_of(text, common_fields));
    const auto fields = joined(text.fields, common_fields);
    if (auto parsed = parse_arguments(std::string(entry.name), fields, rest); !parsed) return report_error(parsed.error(), has_word(own, "--json"));
    return run_verb(*verb, flags);
}

}  // namespace holdfast::cli
