#include "holdfast/base/text.h"
#include "holdfast/cli/find_verb.h"
#include "holdfast/cli/help.h"

namespace holdfast::cli {
namespace {

// What a script of a shell is made from.
struct Words {
    const std::vector<VerbText>& verbs;
    const std::vector<BoundField>& common;
    VerbNames names;
    VerbNames firsts;

    // The first words behind which a second one may stand.
    VerbNames groups() const {
        VerbNames found;
        for (const auto first : firsts)
            if (!second_words(names, first).empty()) found.push_back(first);
        return found;
    }
    // For people: a verb's own sentence, or what a group has.
    std::string sentence_of(std::string_view first) const {
        for (const auto& verb : verbs)
            if (verb.operation.name == first) return std::string(verb.operation.sentence);
        return joined(second_words(names, first), ", ");
    }
    static std::string joined(const VerbNames& words, std::string_view between) {
        std::string out;
        for (const auto word : words) out += format("{}{}", out.empty() ? "" : between, word);
        return out;
    }
};

std::string flags_of(const std::vector<BoundField>& fields) {
    std::string flags;
    for (const auto& field : fields)
        if (!field.text.positional) flags += format("--{} ", field.text.name);
    return flags;
}

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// A pattern of the first two words: a verb of two is matched before the verb of its first word.
std::string pattern_of(std::string_view name) {
    const auto [first, second] = parts_of(name);
    return second.empty() ? format("'{} '*", first) : format("'{} {}'", first, second);
}

// `case` branches that say which flags a verb has; verbs of two words first, as pattern_of wants it.
std::string flag_cases(const Words& words, std::string_view how) {
    std::string pairs, singles;
    for (const auto& verb : words.verbs) {
        const bool is_pair = !parts_of(verb.operation.name).second.empty();
        const std::string flags = flags_of(verb.fields) + flags_of(words.common);
        (is_pair ? pairs : singles) += format("    {}) flags={};;\n", pattern_of(verb.operation.name), how == "list" ? "(" + flags + ")" : quoted(flags));
    }
    return pairs + singles;
}

std::string for_bash(const Words& words) {
    std::string out = "_holdfast() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" flags=\"\"\n"
                      "  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W " + quoted(Words::joined(words.firsts, " ")) + " -- \"$word\")); return; fi\n";
    for (const auto group : words.groups()) {
        out += format("  if [ \"$COMP_CWORD\" = 2 ] && [ \"${{COMP_WORDS[1]}}\" = {} ]; then\n    COMPREPLY=($(compgen -W {} -- \"$word\"))\n"
                      "    if [ ${{#COMPREPLY[@]}} -gt 0 ]; then return; fi\n  fi\n", group, quoted(Words::joined(second_words(words.names, group), " ")));
    }
    return out + "  case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n" + flag_cases(words, "text") +
           "  esac\n  case \"$word\" in -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"));; *) COMPREPLY=($(compgen -f -- \"$word\"));; esac\n}\n"
           "complete -o filenames -F _holdfast holdfast\n";
}

std::string for_zsh(const Words& words) {
    std::string out = "#compdef holdfast\nlocal -a verbs flags\nverbs=(";
    for (const auto first : words.firsts) out += quoted(format("{}:{}", first, words.sentence_of(first))) + " ";
    out += ")\nif (( CURRENT == 2 )); then _describe command verbs; return; fi\n";
    for (const auto group : words.groups()) {
        out += format("if (( CURRENT == 3 )) && [[ $words[2] == {} ]]; then\n  verbs=(", group);
        for (const auto& verb : words.verbs) {
            const auto [first, second] = parts_of(verb.operation.name);
            if (first == group && !second.empty()) out += quoted(format("{}:{}", second, verb.operation.sentence)) + " ";
        }
        out += ")\n  _describe command verbs && return\nfi\n";
    }
    return out + "case \"$words[2] $words[3]\" in\n" + flag_cases(words, "list") + "esac\n_alternative \"flags:flag:($flags)\" 'files:file:_files'\n";
}

std::string for_fish(const Words& words) {
    std::string out;
    for (const auto first : words.firsts) {
        out += format("complete -c holdfast -n __fish_use_subcommand -a {} -d {}\n", first, quoted(words.sentence_of(first)));
    }
    const std::string groups = Words::joined(words.groups(), " ");
    for (const auto& verb : words.verbs) {
        const auto [first, second] = parts_of(verb.operation.name);
        std::string condition = format("__fish_seen_subcommand_from {}", first);
        if (!second.empty()) {
            out += format("complete -c holdfast -n '{}; and not __fish_seen_subcommand_from {}' -a {} -d {}\n", condition,
                          Words::joined(second_words(words.names, first), " "), second, quoted(verb.operation.sentence));
            condition += format("; and __fish_seen_subcommand_from {}", second);
        } else if (!groups.empty()) {  // "show" may be a verb, and a group's second word
            condition += format("; and not __fish_seen_subcommand_from {}", groups);
        }
        for (const auto* fields : {&verb.fields, &words.common})
            for (const auto& field : *fields)
                if (!field.text.positional)
                    out += format("complete -c holdfast -n '{}' -l {}{} -d {}\n", condition, field.text.name,
                                  std::holds_alternative<bool*>(field.target) ? "" : " -r", quoted(field.text.sentence));
    }
    return out;
}

}  // namespace

std::string completion(const std::string& shell, const std::vector<VerbText>& verbs, const std::vector<BoundField>& common) {
    VerbNames names;
    for (const auto& verb : verbs) names.push_back(verb.operation.name);
    const Words words{.verbs = verbs, .common = common, .names = names, .firsts = first_words(names)};
    if (shell == "bash") return for_bash(words);
    if (shell == "zsh") return for_zsh(words);
    if (shell == "fish") return for_fish(words);
    return "";
}

}  // namespace holdfast::cli
