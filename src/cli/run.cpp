#include "holdfast/cli/run.h"

#include <algorithm>
#include <cstdio>

#include "holdfast/base/text.h"
#include "holdfast/cli/arguments.h"
#include "holdfast/cli/progress_bar.h"
#include "holdfast/cli/verbs.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/console.h"
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
        print(stderr, format("holdfast: {}\n", printable(error.message())));
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

int unknown_verb(const std::string& word, bool json) {
    std::vector<std::string> names;
    for (const auto& entry : verbs()) names.emplace_back(entry.name);
    if (word.starts_with('-')) {
        return report_error(fail(ErrorCode::invalid, "{} is no command, and none is named", word).with_advice("holdfast --help"), json);
    }
    const std::string near = nearest(word, names);
    return report_error(fail(ErrorCode::invalid, "there is no command {}", word)
                            .with_advice(near.empty() ? "holdfast --help" : format("holdfast {}", near)),
                        json);
}

const VerbEntry* find_verb(const std::string& name) {
    const auto& table = verbs();
    const auto at = std::find_if(table.begin(), table.end(), [&](const VerbEntry& entry) { return entry.name == name; });
    return at == table.end() ? nullptr : &*at;
}

bool has_word(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// A flag of any verb, as one word on the command line; null: none.
const BoundField* find_flag(const std::vector<BoundField>& fields, std::string_view word) {
    const auto at = std::ranges::find_if(fields, [&](const BoundField& field) {
        if (field.text.positional) return false;
        return word == format("--{}", field.text.name) || (field.text.letter != 0 && word == format("-{}", field.text.letter));
    });
    return at == fields.end() ? nullptr : &*at;
}

// "-r REPO list" is "list -r REPO": flags may stand before the verb too, as other programs have it.
std::vector<std::string> with_verb_first(std::vector<std::string> words) {
    EveryVerbsFlags common;
    auto fields = fields_of(common);
    for (const auto& text : all_verb_texts()) fields.insert(fields.end(), text.fields.begin(), text.fields.end());
    std::size_t at = 0;
    while (at < words.size() && words[at].starts_with('-')) {
        const BoundField* flag = find_flag(fields, std::string_view(words[at]).substr(0, words[at].find('=')));
        if (flag == nullptr) return words;
        const bool has_value_behind = !std::holds_alternative<bool*>(flag->target) && words[at].find('=') == std::string::npos;
        at += has_value_behind ? 2 : 1;
    }
    const auto verb = words.begin() + static_cast<std::ptrdiff_t>(at);
    if (at < words.size()) std::rotate(words.begin(), verb, verb + 1);
    return words;
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
    if (first == "help" && !second.empty()) {
        const auto* entry = find_verb(second);
        return entry == nullptr ? unknown_verb(second, false) : show(help_of(entry->make()->text(), common_fields));
    }
    if (first.empty() || first == "help" || first == "--help" || first == "-h") return show(overview(all_verb_texts()));
    return unknown_verb(first, has_word(words, "--json"));
}

ProgressStyle progress_style(const EveryVerbsFlags& flags) {
    if (flags.progress || (flags.json && !flags.quiet)) return ProgressStyle::json_lines;
    const bool bar = !flags.quiet && host::is_terminal(host::Stream::error);
    return bar ? ProgressStyle::bar : ProgressStyle::none;
}

int run_verb(Verb& verb, const EveryVerbsFlags& flags) {
    ProgressBar progress(progress_style(flags));
    JsonLog json_log;
    const host::Host machine = host::real_host();
    operations::Context context{
        .host = {machine.files, machine.clock, machine.random, flags.json ? json_log : machine.log},
        .watch = {.progress = &progress, .stop = host::stop_on_signals()},
        .vfs = "",
        .may_ask = host::is_terminal(host::Stream::input) && !flags.json,
    };
    const Style style{.colour = host::is_terminal(host::Stream::output) && !host::environment("NO_COLOR")};
    auto answer = verb.run(context, style);
    progress.finish();
    if (!answer) return report_error(answer.error(), flags.json);
    if (flags.json) print(stdout, answer->json.to_text() + "\n");
    else if (!flags.quiet) print(stdout, answer->text);
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
    const VerbEntry* entry = words.empty() ? nullptr : find_verb(words[0]);
    if (entry == nullptr) return run_without_verb(words);
    const auto verb = entry->make();
    const VerbText text = verb->text();
    EveryVerbsFlags flags;
    const auto common_fields = fields_of(flags);
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (has_word(rest, "--help") || has_word(rest, "-h")) return show(help_of(text, common_fields));
    auto fields = text.fields;
    fields.insert(fields.end(), common_fields.begin(), common_fields.end());
    if (auto parsed = parse_arguments(std::string(entry->name), fields, rest); !parsed) return report_error(parsed.error(), has_word(rest, "--json"));
    return run_verb(*verb, flags);
}

}  // namespace holdfast::cli
