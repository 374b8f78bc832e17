#include "holdfast/cli/help.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/cli/find_verb.h"
#include "holdfast/operations/outcome.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t line_width = 100;

// Words of `text` in lines of at most line_width, each but the first indented.
std::string wrapped(std::string_view text, std::size_t indent) {
    std::string out;
    std::size_t column = indent;
    for (const auto& word : split(text, ' ')) {
        if (column + word.size() + 1 > line_width && column > indent) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    return out;
}

std::string value_name(const BoundField& field) {
    return field.text.value.empty() ? "VALUE" : std::string(field.text.value);
}

bool takes_value(const BoundField& field) { return !std::holds_alternative<bool*>(field.target); }
bool is_list(const BoundField& field) { return std::holds_alternative<std::vector<std::string>*>(field.target); }

std::string usage(const VerbText& verb) {
    std::string line = format("holdfast {}", verb.operation.name);
    for (const auto& field : verb.fields) {
        if (!field.text.positional || field.text.rest) continue;
        const std::string name = value_name(field) + (is_list(field) ? "..." : "");
        line += field.text.required ? " " + name : " [" + name + "]";
    }
    line += " [OPTIONS]";
    for (const auto& field : verb.fields) {
        if (field.text.rest) line += format(" [-- {}...]", value_name(field));
    }
    return line;
}

std::string option_left(const BoundField& field) {
    if (field.text.rest) return format("-- {}...", value_name(field));
    if (field.text.positional) return value_name(field) + (is_list(field) ? "..." : "");
    std::string left = field.text.letter != 0 ? format("-{}, ", field.text.letter) : "    ";
    left += format("--{}", field.text.name);
    if (takes_value(field)) left += " " + value_name(field);
    return left;
}

std::string option_lines(const std::vector<BoundField>& fields, bool positional) {
    std::string out;
    for (const auto& field : fields) {
        if (field.text.positional != positional) continue;
        std::string sentence(field.text.sentence);
        if (!field.otherwise.empty()) sentence += format(" [default: {}]", field.otherwise);
        const std::string left = option_left(field);
        constexpr std::size_t column = 32;
        const std::string gap = left.size() + 3 > column ? "\n" + std::string(column, ' ') : std::string(column - left.size() - 2, ' ');
        out += "  " + left + gap + wrapped(sentence, column) + "\n";
    }
    return out;
}

std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') out += "\\e";
        else if (c == '-') out += "\\-";
        else out += c;
    }
    if (!out.empty() && (out[0] == '.' || out[0] == '\'')) out.insert(0, "\\&");
    return out;
}

std::string man_options(const std::vector<BoundField>& fields) {
    std::string out;
    for (const auto& field : fields) {
        out += ".TP\n.B " + roff(trim(option_left(field))) + "\n" + roff(field.text.sentence);
        if (!field.otherwise.empty()) out += " Default: " + roff(field.otherwise) + ".";
        out += "\n";
    }
    return out;
}

std::string verb_lines(const std::vector<VerbText>& verbs) {
    std::size_t width = 10;
    for (const auto& verb : verbs) width = std::max(width, verb.operation.name.size());
    std::string out;
    for (const auto& verb : verbs) out += format("  {:<{}} {}\n", verb.operation.name, width, wrapped(verb.operation.sentence, width + 3));
    return out;
}

}  // namespace

std::string overview(const std::vector<VerbText>& verbs) {
    std::string out =
        "holdfast: backups of SQLite databases that are known to restore\n\n"
        "First steps:\n"
        "  holdfast backup app.db          back it up, while it is in use, into .holdfast beside it\n"
        "  holdfast list                   what there is\n"
        "  holdfast restore latest         bring the last one back, in place\n\n"
        "Commands:\n";
    out += verb_lines(verbs);
    return out + "\nholdfast COMMAND --help explains a command; holdfast --version says which program this is; holdfast --man prints the\nmanual page, holdfast completion bash (zsh, fish) the words for a shell.\n";
}

std::string overview_of_group(std::string_view group, const std::vector<VerbText>& verbs) {
    std::vector<VerbText> members;
    for (const auto& verb : verbs) {
        if (parts_of(verb.operation.name).first == group) members.push_back(verb);
    }
    return format("Commands of holdfast {}:\n", group) + verb_lines(members) + format("\nholdfast {} COMMAND --help explains one.\n", group);
}

std::string exit_code_table() {
    std::string out = "Exit codes:\n";
    for (const auto& row : operations::exit_codes()) out += format("  {:<4} {}\n", row.code, row.meaning);
    return out;
}

std::string help_of(const VerbText& verb, const std::vector<BoundField>& common) {
    std::string out = format("{}\n\nUsage: {}\n", verb.operation.sentence, usage(verb));
    if (!verb.operation.details.empty()) out += "\n" + wrapped(verb.operation.details, 0) + "\n";
    if (const auto arguments = option_lines(verb.fields, true); !arguments.empty()) out += "\nArguments:\n" + arguments;
    out += "\nOptions:\n" + option_lines(verb.fields, false) + option_lines(common, false);
    if (!verb.operation.examples.empty()) {
        out += "\nExamples:\n";
        for (const auto& example : verb.operation.examples) {
            out += format("  {}\n", example.command);
            if (!example.sentence.empty()) out += format("      {}\n", example.sentence);
        }
    }
    return out + "\n" + exit_code_table();
}

std::string man_page(const std::vector<VerbText>& verbs, const std::vector<BoundField>& common) {
    std::string out =
        ".TH HOLDFAST 1\n.SH NAME\nholdfast \\- backups of SQLite databases that are known to restore\n"
        ".SH SYNOPSIS\n.B holdfast\n.I COMMAND\n[OPTIONS]\n.SH COMMANDS\n";
    for (const auto& verb : verbs) {
        out += ".SS " + roff(usage(verb)) + "\n" + roff(verb.operation.sentence) + "\n";
        if (!verb.operation.details.empty()) out += ".PP\n" + roff(verb.operation.details) + "\n";
        out += man_options(verb.fields);
        for (const auto& example : verb.operation.examples) {
            out += ".PP\nExample: \\fB" + roff(example.command) + "\\fR";
            out += (example.sentence.empty() ? "" : " (" + roff(example.sentence) + ")") + "\n";
        }
    }
    out += ".SH OPTIONS OF EVERY COMMAND\n" + man_options(common) + ".SH EXIT STATUS\n";
    for (const auto& row : operations::exit_codes()) out += format(".TP\n.B {}\n{}\n", row.code, roff(row.meaning));
    return out;
}

}  // namespace holdfast::cli
