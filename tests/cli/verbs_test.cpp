#include "holdfast/cli/verbs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "holdfast/cli/arguments.h"
#include "holdfast/cli/find_verb.h"
#include "holdfast/cli/help.h"
#include "holdfast/cli/print.h"
#include "holdfast/operations/audited.h"

namespace holdfast::cli {
namespace {

// Splits as a shell would for the quoting that our examples use.
std::vector<std::string> shell_words(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false, any = false;
    for (const char c : line) {
        if (c == '\'') {
            quoted = !quoted;
            any = true;
        } else if (c == ' ' && !quoted) {
            if (any) words.push_back(word);
            word.clear();
            any = false;
        } else {
            word += c;
            any = true;
        }
    }
    if (any) words.push_back(word);
    return words;
}

Result<void> parse(std::string_view line) {
    auto words = shell_words(line);
    EXPECT_EQ(words.at(0), "holdfast");
    words.erase(words.begin());
    VerbNames names;
    for (const auto& entry : verbs()) names.push_back(entry.name);
    const auto found = find_verb(names, words);
    if (!found) return fail(ErrorCode::not_found, "no verb {}", words.at(0));
    const auto verb = verbs()[found->at].make();
    EveryVerbsFlags common;
    auto fields = verb->text().fields;
    for (auto& field : fields_of(common)) fields.push_back(field);
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(found->words));
    return parse_arguments(std::string(names[found->at]), fields, words);
}

TEST(Verbs, EveryExampleOfEveryHelpParses) {
    std::size_t examples = 0;
    for (const auto& text : all_verb_texts()) {
        for (const auto& example : text.operation.examples) {
            const auto parsed = parse(example.command);
            EXPECT_TRUE(parsed.ok()) << example.command << ": " << (parsed.ok() ? "" : parsed.error().text());
            ++examples;
        }
    }
    EXPECT_GE(examples, verbs().size());
}

TEST(Verbs, HelpNamesEveryFieldExampleAndExitCode) {
    EveryVerbsFlags common;
    const auto common_fields = fields_of(common);
    for (const auto& text : all_verb_texts()) {
        const std::string help = help_of(text, common_fields);
        for (const auto& field : text.fields)
            EXPECT_NE(help.find(field.text.positional ? std::string(field.text.value) : format("--{}", field.text.name)), std::string::npos) << field.text.name;
        for (const auto& example : text.operation.examples) EXPECT_NE(help.find(example.command), std::string::npos);
        EXPECT_NE(help.find("--json"), std::string::npos);
        EXPECT_NE(help.find("Exit codes:"), std::string::npos);
        EXPECT_FALSE(text.operation.examples.empty()) << text.operation.name;
    }
}

// A field that was renamed would silently be missing in the audit log.
TEST(Verbs, AuditRulesNameVerbsAndFieldsThatExist) {
    const auto texts = all_verb_texts();
    for (const auto& rule : operations::audit_rules()) {
        const auto verb = std::ranges::find_if(texts, [&](const VerbText& text) { return text.operation.name == rule.verb; });
        ASSERT_NE(verb, texts.end()) << rule.verb;
        for (const auto name : rule.asked) {
            EXPECT_TRUE(std::ranges::any_of(verb->fields, [&](const BoundField& field) { return field.text.name == name; })) << rule.verb << " " << name;
        }
    }
}

TEST(Verbs, OverviewAndManPageNameEveryVerb) {
    EveryVerbsFlags common;
    const auto texts = all_verb_texts();
    for (const auto& entry : verbs()) {
        EXPECT_NE(overview(texts).find(entry.name), std::string::npos);
        EXPECT_NE(man_page(texts, fields_of(common)).find(entry.name), std::string::npos);
        EXPECT_EQ(entry.name, entry.make()->text().operation.name);
        const auto [first, second] = parts_of(entry.name);
        for (const char* shell : {"bash", "zsh", "fish"}) {
            EXPECT_NE(completion(shell, texts, fields_of(common)).find(first), std::string::npos);
            EXPECT_NE(completion(shell, texts, fields_of(common)).find(second), std::string::npos);
        }
    }
    EXPECT_EQ(completion("tcsh", texts, fields_of(common)), "");
}

TEST(Arguments, FillsEveryTypeOfField) {
    operations::RestoreRequest request;
    const auto parsed = parse_arguments("restore", fields_of(request), {"43", "--to=-odd name", "--wait", "7", "-n", "-r", "/backups"});
    ASSERT_TRUE(parsed.ok()) << parsed.error().text();
    EXPECT_EQ(request.snapshot, "43");
    EXPECT_EQ(request.to, "-odd name");
    EXPECT_EQ(request.wait_s, 7u);
    EXPECT_TRUE(request.dry_run);
    EXPECT_EQ(request.repository.repository, "/backups");
}

TEST(Arguments, RepeatedFlagsMakeAList) {
    operations::BackupRequest request;
    ASSERT_TRUE(parse_arguments("backup", fields_of(request), {"--tag", "a=1", "one.db", "--tag", "b=2", "two.db"}).ok());
    EXPECT_EQ(request.purpose.tags, (std::vector<std::string>{"a=1", "b=2"}));
    EXPECT_EQ(request.databases, (std::vector<std::string>{"one.db", "two.db"}));
}

TEST(Arguments, UnknownFlagsAreRefusedWithTheNearestOne) {
    operations::BackupRequest request;
    const auto parsed = parse_arguments("backup", fields_of(request), {"app.db", "--coment", "x"});
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code(), ErrorCode::invalid);
    EXPECT_NE(parsed.error().advice().find("--comment"), std::string::npos);
}

TEST(Arguments, MissingAndMalformedValuesAreRefused) {
    operations::RestoreRequest restore;
    EXPECT_FALSE(parse_arguments("restore", fields_of(restore), {"--wait", "soon"}).ok());
    EXPECT_FALSE(parse_arguments("restore", fields_of(restore), {"--to"}).ok());
    EXPECT_FALSE(parse_arguments("restore", fields_of(restore), {"1", "2"}).ok());
    operations::RecallRequest recall;
    EXPECT_FALSE(parse_arguments("recall", fields_of(recall), {}).ok());
}

TEST(Arguments, EverythingBehindTwoDashesIsTheCommandUntouched) {
    const auto parsed = [](const std::vector<std::string>& words) {
        operations::GuardRequest request;
        const auto done = parse_arguments("guard", fields_of(request), words);
        EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().text());
        return request;
    };
    const std::vector<std::string> command = {"tool", "", "--", "--json", "-r", "a b", "--database=x", "/q", "$HOME"};
    std::vector<std::string> words = {"--database", "app.db", "-r", "/backups", "--"};
    words.insert(words.end(), command.begin(), command.end());
    const auto request = parsed(words);
    EXPECT_EQ(request.command, command);
    EXPECT_EQ(request.databases, std::vector<std::string>{"app.db"});
    EXPECT_EQ(request.repository.repository, "/backups");
    EXPECT_TRUE(parsed({"--operation", "x"}).command.empty());
    EXPECT_TRUE(parsed({"--"}).command.empty());
    operations::GuardRequest without;
    const auto refused = parse_arguments("guard", fields_of(without), {"migrate"});
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message().find("behind --"), std::string::npos);
    operations::BackupRequest backup;  // where there is no such field, it is what it was: what follows are no flags
    ASSERT_TRUE(parse_arguments("backup", fields_of(backup), {"--", "--odd.db"}).ok());
    EXPECT_EQ(backup.databases, std::vector<std::string>{"--odd.db"});
}

TEST(Arguments, AnEmptyValueIsNotTheSameAsNone) {
    for (const auto* line : {"holdfast restore ''", "holdfast restore latest --to ''", "holdfast restore --at ''", "holdfast list -r ''",
                             "holdfast backup app.db ''", "holdfast backup app.db --tag ''"}) {
        const auto parsed = parse(line);
        ASSERT_FALSE(parsed) << line;
        EXPECT_EQ(parsed.error().code(), ErrorCode::invalid);
        EXPECT_NE(parsed.error().message().find("empty"), std::string::npos) << parsed.error().message();
    }
    EXPECT_TRUE(parse("holdfast backup app.db --comment ''"));
}

TEST(Arguments, OnlyWholeNumbersAreNumbers) {
    for (const auto* line : {"holdfast list -n -1", "holdfast list --last 99999999999999999999", "holdfast list --last 1.5", "holdfast list --last ten"}) {
        EXPECT_FALSE(parse(line)) << line;
    }
    EXPECT_TRUE(parse("holdfast list --last 10"));
}

TEST(Reports, JsonHasEveryDescribedField) {
    const auto json = operations::json_of(operations::BackupReport{.number = 43, .databases = {{.path = "a.db"}}});
    const std::string text = json.to_text();
    EXPECT_NE(text.find("\"number\":43"), std::string::npos);
    EXPECT_NE(text.find("\"databases\":[{\"path\":\"a.db\""), std::string::npos);
    std::size_t described = 0;
    auto count = [&](std::string_view name, const auto&, std::string_view) {
        EXPECT_NE(text.find(format("\"{}\":", name)), std::string::npos) << name;
        ++described;
    };
    operations::BackupReport().describe(count);
    EXPECT_GE(described, 18u);
}

TEST(Reports, TextShowsHostileNamesSafely) {
    const operations::BackupReport report{.number = 1, .databases = {{.path = "a\033[31m\n.db"}}};
    const std::string text = text_of(report, Style{});
    EXPECT_EQ(text.find('\033'), std::string::npos);
    EXPECT_NE(text.find("\\x1b"), std::string::npos);
}

TEST(Style, ColumnsLineUpByCodePoints) {
    EXPECT_EQ(columns({{"a", "bb"}, {"ééé", "c"}}, {false, true}), "a    bb\nééé   c\n");
}

}  // namespace
}  // namespace holdfast::cli
