// What a settings file may say, what comes out of it, and that everything that is wrong is told with its line.
#include <gmock/gmock.h>

#include <regex>

#include "holdfast/base/text.h"
#include "holdfast/host/host.h"
#include "holdfast/operations/check_settings.h"
#include "holdfast/operations/duration.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/setting_forms.h"
#include "holdfast/operations/settings_pages.h"
#include "support/results.h"
#include "support/variables.h"

namespace holdfast::operations {
namespace {

using tests::FailsWith;
using tests::must;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ReadSettings read(std::string_view text, const std::string& environment = {}) {
    return read_settings_text(host::posix_file_system(), {.text = text, .file = "/project/holdfast.toml", .environment = environment});
}

Settings good(std::string_view text, const std::string& environment = {}) {
    auto read_text = read(text, environment);
    for (const auto& problem : read_text.problems) ADD_FAILURE() << problem.line << ": " << problem.key << ": " << problem.message;
    return read_text.loaded.settings;
}

// "3 repository.path: a text is expected…", one for each problem.
std::vector<std::string> problems(std::string_view text, const std::string& environment = {}) {
    std::vector<std::string> found;
    for (const auto& problem : read(text, environment).problems) {
        found.push_back(format("{} {}: {} | {}", problem.line, problem.key, problem.message, problem.advice));
    }
    return found;
}

SettingValue value_of(const ReadSettings& settings, const std::string& key) {
    for (const auto& value : settings.loaded.values) {
        if (value.key == key) return value;
    }
    ADD_FAILURE() << "no value " << key;
    return {};
}

TEST(Settings, OfNothingAreTheDefaults) {
    const auto settings = good("");
    EXPECT_EQ(settings.repository.path, "");
    EXPECT_EQ(settings.repository.space_warn, 5ull << 30);
    EXPECT_EQ(settings.targets.rpo_critical, 900);
    EXPECT_EQ(settings.retention.automatic, (KeepSettings{.keep_last = 10, .keep_daily = 7, .keep_weekly = 4, .keep_monthly = 12}));
    EXPECT_TRUE(settings.retention.manual.keep_all);
    EXPECT_THAT(settings.source, IsEmpty());
    EXPECT_EQ(settings.log.recovery, "/project/RECOVERY.md");
}

TEST(Settings, ComeOutAsPlainValues) {
    const tests::Variable home("HOME", "/home/me");
    const auto settings = good(R"(
[repository]
path = "../backups/./app"
key_file = "~/keys/app"
min_free = "500MB"
[retention]
undo_within = "12mo"
[retention.automatic]
keep_last = 5
keep_within = "2d"
[retention.tag.archive]
keep_yearly = 10
[source.app]
databases = ["data/app.db", "file:./agent%20x.db?connection_limit=1", "/srv/other.db", "file:///srv/third.db"]
critical = true
tags = ["team=blue", "archive"]
[[source.app.expect]]
table = "events"
loss_percent_max = 12.5
[source.app.plain_copies]
folder = "copies"
keep_last = 5
[source."two words"]
databases = ["b.db"]
[[hooks.before_backup]]
command = "./stop.sh"
time_limit = "90s"
[bundle.scrub]
"contacts.email" = "mask"
)");
    EXPECT_EQ(settings.repository.path, "/project/../backups/app");
    EXPECT_EQ(settings.repository.key_file, "/home/me/keys/app");
    EXPECT_EQ(settings.repository.min_free, 500'000'000u);
    EXPECT_EQ(settings.retention.undo_within, "12mo") << "a span of the calendar";
    EXPECT_EQ(settings.retention.automatic, (KeepSettings{.keep_last = 5, .keep_within = "2d"})) << "a rule is given as a whole";
    EXPECT_EQ(settings.retention.tag.at("archive").keep_yearly, 10u);
    const auto& app = settings.source.at("app");
    EXPECT_THAT(app.databases, ElementsAre("/project/data/app.db", "/project/agent x.db", "/srv/other.db", "/srv/third.db"));
    EXPECT_TRUE(app.critical);
    EXPECT_EQ(app.expect.at(0).loss_percent_max, 12.5);
    EXPECT_EQ(app.plain_copies->folder, "/project/copies");
    EXPECT_EQ(app.plain_copies->keep.keep_last, 5u);
    EXPECT_EQ(settings.source.at("two words").databases.size(), 1u);
    EXPECT_EQ(settings.hooks.before_backup.at(0).time_limit, 90);
    EXPECT_EQ(settings.bundle.scrub.at("contacts.email"), "mask");
}

TEST(Settings, NameVariables) {
    const tests::Variable url("HF_URL", "file:./agent.db?x=1"), word("HF_WORD", "blue");
    const auto settings = read(R"([source.app]
databases = ["${HF_URL}"]
tags = ["team=${HF_WORD}", "literal=$${HF_WORD}"]
smoke = "test -f $HOLDFAST_DATABASE && echo ${HF_WORD}")");
    EXPECT_THAT(settings.problems, IsEmpty());
    const auto& app = settings.loaded.settings.source.at("app");
    EXPECT_THAT(app.databases, ElementsAre("/project/agent.db"));
    EXPECT_THAT(app.tags, ElementsAre("team=blue", "literal=${HF_WORD}"));
    EXPECT_EQ(app.smoke, "test -f $HOLDFAST_DATABASE && echo blue");
    const auto databases = value_of(settings, "source.app.databases");
    EXPECT_EQ(databases.value, "[\"/project/agent.db\"]");
    EXPECT_THAT(databases.variables, ElementsAre("HF_URL"));
    EXPECT_EQ(value_of(settings, "source.app.smoke").value, "\"test -f $HOLDFAST_DATABASE && echo ${HF_WORD}\"") << "what a variable holds may be secret";
}

TEST(Settings, AVariableThatIsMissingIsToldWithItsLine) {
    const tests::Variable gone("HF_GONE", std::nullopt), empty("HF_EMPTY", "");
    EXPECT_THAT(problems("[repository]\npath = \"${HF_GONE}/x\"\n"), ElementsAre(HasSubstr("2 repository.path: the environment variable HF_GONE is not set")));
    EXPECT_THAT(problems("[repository]\n\npath = \"${HF_EMPTY}/x\"\n"), ElementsAre(HasSubstr("3 repository.path: the environment variable HF_EMPTY")));
    EXPECT_THAT(problems("[log]\naudit = \"${no name}\""), ElementsAre(AllOf(HasSubstr("2 log.audit"), HasSubstr("$${"))));
    EXPECT_THAT(problems("[log]\naudit = \"${OPEN\""), ElementsAre(HasSubstr("2 log.audit")));
}

// Each text has one thing wrong, in the line and of the kind named.
struct Fault {
    std::string_view text, line_and_key, message;
};
class SettingsFaults : public ::testing::TestWithParam<Fault> {};
TEST_P(SettingsFaults, AreToldWithTheirLine) {
    const auto& fault = GetParam();
    EXPECT_THAT(problems(fault.text), ElementsAre(AllOf(::testing::StartsWith(std::string(fault.line_and_key) + ": "), HasSubstr(std::string(fault.message))))) << fault.text;
}
#define WITH_APP "[source.app]\ndatabases = [\"a.db\"]\n"
INSTANTIATE_TEST_SUITE_P(Each, SettingsFaults, ::testing::Values(
    // unknown keys, with the nearest
    Fault{"[repository]\npaht = \"x\"\n", "2 repository.paht", "there is no such key | path"},
    Fault{"[retenion]\n", "1 retenion", "| retention"},
    Fault{"[enviroment.x]\n", "1 enviroment", "| environment"},
    Fault{WITH_APP "[[source.app.expect]]\nsq = \"SELECT 1\"\nsql = \"SELECT 1\"", "4 source.app.expect[1].sq", "| sql"},
    Fault{"[environment.x.repository]\npth = \"x\"", "2 environment.x.repository.pth", "| path"},
    // types
    Fault{"[repository]\npath = 3\n", "2 repository.path", "a path is expected, and a whole number stands there | path = "},
    Fault{"repository = \"x\"", "1 repository", "a table is expected"},
    Fault{"[repository]\nmin_free = 5000\n", "2 repository.min_free", "a size is expected, and a whole number stands there | min_free = \"1GiB\""},
    Fault{"[retention]\nminimum_keep = \"3\"", "2 retention.minimum_keep", "a whole number is expected, and a text"},
    Fault{"[retention]\nminimum_keep = 1.5", "2 retention.minimum_keep", "a number with a fraction stands there"},
    Fault{"[retention]\ntime_zone = 2026-01-01", "2 retention.time_zone", "a date stands there"},
    Fault{"[source.app]\ndatabases = \"a.db\"", "2 source.app.databases", "a list of texts is expected"},
    Fault{"[source.app]\ndatabases = [\"a.db\", 3]", "2 source.app.databases", "a list of texts is expected"},
    Fault{WITH_APP "critical = \"yes\"", "3 source.app.critical", "true or false is expected"},
    Fault{"[hooks]\nbefore_backup = \"./x\"", "2 hooks.before_backup", "[[hooks.before_backup]]"},
    Fault{"[source]\napp = \"a.db\"", "2 source.app", "[source.app]"},
    Fault{WITH_APP "[[source.app.expect]]\ntable = \"t\"\nloss_percent_max = inf", "5 source.app.expect[1].loss_percent_max", "a number is expected"},
    // forms
    Fault{"[targets]\nrpo = \"1 hour\"", "2 targets.rpo", "duration '1 hour'"},
    Fault{"[targets]\nrto_server = \"99999y\"", "2 targets.rto_server", "a thousand years"},
    Fault{"[repository]\nmin_free = \"1 Gb\"", "2 repository.min_free", "'1 Gb' is no size"},
    Fault{"[repository]\nmin_free = \"99999999TiB\"", "2 repository.min_free", "more than there can be"},
    Fault{"[repository]\nkey_file = \"\"", "2 repository.key_file", "the path is empty"},
    Fault{"[?]\n", "1 ", "no TOML"},
    Fault{"x = 1\n.y = 2", "2 ", "no TOML"},
    Fault{"[repository]\npath = \"~other/x\"", "2 repository.path", "~/"},
    Fault{"[source.app]\ndatabases = [\"postgres://host/db\"]", "2 source.app.databases", "no SQLite database"},
    Fault{"[source.app]\ndatabases = [\"file://elsewhere/db\"]", "2 source.app.databases", "names a host"},
    Fault{"[source.app]\ndatabases = [\":memory:\"]", "2 source.app.databases", "in memory"},
    Fault{"[source.app]\ndatabases = [\"file:a%zz.db\"]", "2 source.app.databases", "hexadecimal"},
    Fault{"[retention]\nundo_within = \"30 days\"", "2 retention.undo_within", "span"},
    Fault{"[retention.manual]\nkeep_within = \"90s\"", "2 retention.manual.keep_within", "span"},
    Fault{"[retention]\ntime_zone = \"Europe/Berlni\"", "2 retention.time_zone", "Europe/Berlin"},
    // secrets
    Fault{"[repository]\npassword = \"hunter2\"", "2 repository.password", "secrets may not stand in the settings | password_file = \"FILE\" or password_command"},
    Fault{"[repository]\nkey = \"abc\"", "2 repository.key", "secrets may not stand in the settings | key_file"},
    Fault{"[[hooks.on_failure]]\npost = \"https://x\"\ntoken = \"t\"", "3 hooks.on_failure[1].token", "secrets may not stand"},
    Fault{"[[hooks.on_failure]]\npost = \"https://me:hunter2@host/x\"", "2 hooks.on_failure[1].post", "the password in an address is written out, and secrets may not stand in the settings | ${NAME}"},
    Fault{WITH_APP "tags = [\"team=blue\", \"password=hunter2\"]", "3 source.app.tags", "the value of password is written out"},
    Fault{WITH_APP "[[source.app.hooks.before_backup]]\ncommand = \"curl -H 'Authorization: Bearer abc123' http://h\"", "4 source.app.hooks.before_backup[1].command", "Authorization is written out, and secrets may not stand in the settings | \"$NAME\" with the secret"},
    Fault{"[[hooks.after_backup]]\npost = \"http://h\"\nbody = '{\"token\": \"abc123\"}'", "3 hooks.after_backup[1].body", "the value of token"},
    Fault{WITH_APP "smoke = \"PGPASSWORD=hunter2 ./smoke.sh\"", "3 source.app.smoke", "the value of PGPASSWORD"},
    Fault{"[repository]\npassword_command = \"echo hunter2secret\"", "2 repository.password_command", "what echo is given is written out, and secrets may not stand in the settings | password_file"},
    Fault{"[repository]\npath = \"sftp://me:hunter2@host/x\"", "2 repository.path", "the password in an address"},
    Fault{"[environment.x.repository]\npassword_command = \"echo hunter2secret\"", "2 environment.x.repository.password_command", "what echo is given"},
    // queries that are none
    Fault{WITH_APP "[[source.app.expect]]\nsql = \"DELETE FROM t\"", "4 source.app.expect[1].sql", "no query that only reads: near \"DELETE\""},
    Fault{WITH_APP "schema_version = \"UPDATE t SET a = 1\"", "3 source.app.schema_version", "no query that only reads"},
    Fault{WITH_APP "[[source.app.expect]]\nsql = \"SELECT 1; DROP TABLE t\"", "4 source.app.expect[1].sql", "more than one statement"},
    Fault{WITH_APP "[[source.app.expect]]\nsql = \"SELECT 1\"\ntime_limit = \"0\"", "5 source.app.expect[1].time_limit", "answered in no time"},
    // values that cannot be
    Fault{"[retention]\nminimum_keep = -1", "2 retention.minimum_keep", "below zero"},
    Fault{"[retention.automatic]\nkeep_last = -5\nkeep_daily = 1", "2 retention.automatic.keep_last", "below zero"},
    Fault{"[retention]\nminimum_keep = 9999999999", "2 retention.minimum_keep", "more than"},
    Fault{"[repository]\nspace_warn = \"1GiB\"\nmin_free = \"2GiB\"", "3 repository.min_free", "min_free (2GiB) is more than space_warn (1GiB)"},
    Fault{"[repository]\nkey_file = \"a\"\npassword_file = \"b\"", "1 repository", "2 secrets are given"},
    Fault{"[targets]\nrto_server = \"0\"", "2 targets.rto_server", "takes no time"},
    Fault{"[targets]\nrpo_critical = \"2h\"", "2 targets.rpo_critical", "longer than rpo"},
    Fault{"[retention.automatic]", "1 retention.automatic", "the rule keeps nothing"},
    Fault{"[retention.tag.archive]\nkeep_last = 0", "1 retention.tag.archive", "the rule keeps nothing"},
    Fault{"[retention.manual]\nkeep_all = true\nkeep_last = 3", "2 retention.manual.keep_all", "the other lines"},
    Fault{"[source.app]\ncritical = true", "1 source.app.databases", "the source has no databases"},
    Fault{"[source.app]\ndatabases = []", "2 source.app.databases", "the source has no databases"},
    Fault{WITH_APP "[source.b]\ndatabases = [\"./a.db\"]", "4 source.b.databases", "belongs to [source.app] already"},
    Fault{"[source.app]\ndatabases = [\"a.db\", \"file:a.db\"]", "2 source.app.databases", "is named twice"},
    Fault{"[source.\" \"]\ndatabases = [\"a.db\"]", "1 source.\" \"", "no name of a source"},
    Fault{WITH_APP "tags = [\"=x\"]", "3 source.app.tags", "it has no key"},
    Fault{"[[hooks.before_backup]]\ntime_limit = \"5s\"", "1 hooks.before_backup[1]", "the hook does nothing"},
    Fault{"[[hooks.before_backup]]\ncommand = \"a\"\npost = \"http://x\"", "1 hooks.before_backup[1]", "both are given"},
    Fault{"[[hooks.before_backup]]\ncommand = \"a\"\n[[hooks.before_backup]]\ncommand = \"b\"\non_failure = \"stopp\"", "5 hooks.before_backup[2].on_failure", "it is one of stop, warn | \"stop\""},
    Fault{"[[hooks.before_backup]]\npost = \"ftp://x\"", "2 hooks.before_backup[1].post", "no address of HTTP"},
    Fault{"[[hooks.before_backup]]\ncommand = \"a\"\nbody = \"x\"", "3 hooks.before_backup[1].body", "for a post"},
    Fault{"[[hooks.before_backup]]\ncommand = \"a\"\ntime_limit = \"0\"", "3 hooks.before_backup[1].time_limit", "no time"},
    Fault{WITH_APP "[[source.app.expect]]\n", "3 source.app.expect[1]", "the expectation says nothing"},
    Fault{WITH_APP "[[source.app.expect]]\ntable = \"t\"", "3 source.app.expect[1]", "no loss_percent_max"},
    Fault{WITH_APP "[[source.app.expect]]\ntable = \"t\"\nloss_percent_max = 101", "5 source.app.expect[1].loss_percent_max", "from 0 to 100"},
    Fault{WITH_APP "[[source.app.expect]]\nsql = \"SELECT 1\"\ntable = \"t\"\nloss_percent_max = 1", "3 source.app.expect[1]", "both are given"},
    Fault{WITH_APP "[[source.app.cleanup]]\ntable = \"t\"\nolder_than = \"1d\"", "3 source.app.cleanup[1].column", "no column"},
    Fault{WITH_APP "[[source.app.cleanup]]\ncolumn = \"c\"\nolder_than = \"1d\"", "3 source.app.cleanup[1].table", "no table"},
    Fault{WITH_APP "[[source.app.cleanup]]\ntable = \"t\"\ncolumn = \"c\"", "3 source.app.cleanup[1].older_than", "all would go"},
    Fault{WITH_APP "[source.app.plain_copies]\nlatest = \"x.db\"", "3 source.app.plain_copies.folder", "where the copies go"},
    Fault{WITH_APP "[source.app.plain_copies]\nfolder = \"c\"\nname = \"app_{tme}.db\"", "5 source.app.plain_copies.name", "there is no {tme} | {time}"},
    Fault{WITH_APP "[source.app.plain_copies]\nfolder = \"c\"\nname = \"app.db\"", "5 source.app.plain_copies.name", "one name"},
    Fault{WITH_APP "[source.app.plain_copies]\nfolder = \"c\"\nname = \"app_{date.db\"", "5 source.app.plain_copies.name", "stands alone"},
    Fault{WITH_APP "[source.app.plain_copies]\nfolder = \"c\"\nname = \"x/{date}.db\"", "5 source.app.plain_copies.name", "no name of a file"},
    Fault{WITH_APP "[source.app.plain_copies]\nfolder = \".\"\nlatest = \"{database}.db\"", "5 source.app.plain_copies.latest", "a database itself"},
    Fault{WITH_APP "[source.app.plain_copies]\nfolder = \"c\"\nlatest = \"x.db\"\n[source.b]\ndatabases = [\"b.db\"]\n[source.b.plain_copies]\nfolder = \"c\"\nlatest = \"x.db\"", "10 source.b.plain_copies.latest", "already"},
    Fault{WITH_APP "[source.app.plain_copies]\nfolder = \"c\"\nlatest = \"..\"", "5 source.app.plain_copies.latest", "no name of a file"},
    Fault{WITH_APP "[source.app.plain_copies]\nfolder = \"c\"\ncompress = \"xz\"", "5 source.app.plain_copies.compress", "none, gzip, zstd"},
    Fault{"[bundle.scrub]\nemail = \"mask\"", "2 bundle.scrub.email", "named with its table"},
    Fault{"[bundle.scrub]\n\"a.b\" = \"hide\"", "2 bundle.scrub.\"a.b\"", "mask, null, hash | scrub.\"a.b\" = \"mask\""},
    Fault{"[schedule]\nbackup = \"dayly\"", "2 schedule.backup", "says no time | \"daily\""},
    Fault{"environment = 3", "1 environment", "a table of tables"},
    Fault{"[environment]\nproduction = \"x\"", "2 environment.production", "[environment.production]"}));

TEST(Settings, WhatIsNoTomlIsToldWithLineAndColumn) {
    const auto settings = read("[repository]\npath = \"x\"\nmin_free = = 3\n");
    ASSERT_EQ(settings.problems.size(), 1u);
    EXPECT_EQ(settings.problems[0].line, 3u);
    EXPECT_GT(settings.problems[0].column, 10u);
    EXPECT_THAT(settings.problems[0].message, HasSubstr("no TOML"));
    EXPECT_THAT(problems("a = 1\na = 2\n"), ElementsAre(::testing::StartsWith("2 ")));
    std::string deep = "x = ";
    for (int i = 0; i < 200; ++i) deep += "[";
    EXPECT_EQ(problems(deep).size(), 1u);
    std::string dotted = "a";
    for (int i = 0; i < 100'000; ++i) dotted += ".a";
    EXPECT_THAT(problems("[b]\n" + dotted + " = 1"), ElementsAre(HasSubstr("dots in one line")));
    EXPECT_THAT(problems("[log]\n# " + dotted + "\naudit = \"" + dotted.substr(0, 1000) + "\""), IsEmpty()) << "comments and texts may";
}

TEST(Settings, NoProblemShowsASecret) {
    const tests::Variable secret("HF_SECRET", "hunter2 is no size");
    for (const auto* text : {"[repository]\npassword = \"hunter2\"", "[repository]\npassword = hunter2", "[repository]\npassword = \"hunter2", "[repository]\nmin_free = \"${HF_SECRET}\"",
                             "[[hooks.on_failure]]\npost = \"https://me:hunter2@host/x\"", "[repository]\nkey = {x = \"hunter2\"}", "[repository]\ntoken = ['hunter2', hunter2]",
                             "[repository]\npassword_command = \"echo hunter2secret\"", WITH_APP "tags = [\"a=${HOME}\", \"password=hunter2\"]"}) {
        const auto found = problems(text);
        EXPECT_FALSE(found.empty()) << text;
        for (const auto& problem : found) EXPECT_THAT(problem, Not(HasSubstr("hunter"))) << text;
        for (const auto& value : read(text).loaded.values) EXPECT_THAT(value.value, Not(HasSubstr("hunter"))) << text;
    }
}

TEST(Settings, EverythingThatIsWrongIsToldAtOnce) {
    EXPECT_THAT(problems("[repository]\npaht = \"x\"\nmin_free = 3\n[source.app]\ncritical = 1\n[[hooks.before_backup]]\n[environment.e]\nx = 1\n", "f"),
                ElementsAre(HasSubstr("2 repository.paht"), HasSubstr("3 repository.min_free"), HasSubstr("4 source.app.databases"), HasSubstr("5 source.app.critical"),
                            HasSubstr("6 hooks.before_backup[1]"), AllOf(HasSubstr("environment.f"), HasSubstr("there is: e")), HasSubstr("8 environment.e.x")));
}

const std::string_view with_environments = R"([repository]
path = "here"
[source.app]
databases = ["a.db", "b.db"]
tags = ["x"]
[retention.automatic]
keep_last = 3
[environment.production]
repository.path = "/backups/app"
[environment.production.source.app]
databases = ["c.db"]
[environment.production.retention.automatic]
keep_hourly = 48
[environment.production.source.more]
databases = ["${HF_NOT_SET_HERE}"]
)";

TEST(Settings, AnEnvironmentIsLaidOverTheRest) {
    const auto here = good(with_environments);
    EXPECT_EQ(here.repository.path, "/project/here");
    EXPECT_EQ(here.source.size(), 1u);
    const tests::Variable set("HF_NOT_SET_HERE", "d.db");
    const auto there = good(with_environments, "production");
    EXPECT_EQ(there.repository.path, "/backups/app");
    EXPECT_THAT(there.source.at("app").databases, ElementsAre("/project/c.db")) << "lists are replaced";
    EXPECT_THAT(there.source.at("app").tags, ElementsAre("x"));
    EXPECT_THAT(there.source.at("more").databases, ElementsAre("/project/d.db"));
    EXPECT_EQ(there.retention.automatic.keep_last, 3u) << "tables are joined";
    EXPECT_EQ(there.retention.automatic.keep_hourly, 48u);
    EXPECT_THAT(problems(with_environments, "prodution"), ElementsAre(AllOf(HasSubstr("there is: production"), HasSubstr("--environment 'production'"))));
}

TEST(Settings, EveryValueTellsWhereItComesFrom) {
    const tests::Variable set("HF_NOT_SET_HERE", "d.db");
    const auto settings = read(with_environments, "production");
    const auto is = [&](const std::string& key, const std::string& from, std::uint32_t line) {
        const auto value = value_of(settings, key);
        EXPECT_EQ(value.from, from) << key;
        EXPECT_EQ(value.line, line) << key;
    };
    is("repository.path", "environment", 9);
    is("repository.min_free", "default", 0);
    is("source.app.databases", "environment", 11);
    is("source.app.tags", "file", 5);
    is("retention.automatic.keep_last", "file", 7);
    is("retention.automatic.keep_hourly", "environment", 13);
    is("source.more.databases", "environment", 15);
    EXPECT_THAT(value_of(settings, "source.more.databases").variables, ElementsAre("HF_NOT_SET_HERE"));
}

// --- what is made from the description ---

// Every key with its table, as "[source.NAME] tags".
class Keys {
public:
    std::vector<std::string> found;
    std::string header;
    void operator()(auto&, const SettingText& text) { found.push_back(std::string(text.key)); }
    template <SettingsTable T>
    void operator()(T& value, const SettingText& text) { below(value, text); }
    template <SettingsTable T>
    void operator()(std::optional<T>&, const SettingText& text) { T value; below(value, text); }
    template <SettingsTable T>
    void operator()(std::vector<T>&, const SettingText& text) { T value; below(value, text); }
    template <SettingsTable T>
    void operator()(std::map<std::string, T>&, const SettingText& text) { T value; below(value, text); }

private:
    void below(auto& value, const SettingText& text) {
        found.push_back(std::string(text.key));
        value.describe(*this);
    }
};
std::vector<std::string> all_keys() {
    Keys keys;
    Settings settings;
    settings.describe(keys);
    return keys.found;
}

TEST(SettingsPages, TheFileOfInitIsGoodAndSaysWhatItIsTold) {
    const auto text = new_settings_file({.repository = "${odd} \"path\"", .key_file = "k", .password_file = {}, .password_command = {},
                                         .sources = {{.name = "app", .database = "data/app.db"}, {.name = "jobs", .database = "/srv/jobs.db"}}});
    const auto settings = good(text);
    EXPECT_EQ(settings.repository.path, "/project/${odd} \"path\"");
    EXPECT_EQ(settings.repository.key_file, "/project/k");
    EXPECT_THAT(settings.source.at("app").databases, ElementsAre("/project/data/app.db"));
    EXPECT_THAT(settings.source.at("jobs").databases, ElementsAre("/srv/jobs.db"));
    EXPECT_EQ(settings.source.size(), 2u);
    auto otherwise = Settings{};
    EXPECT_EQ(settings.retention.automatic, otherwise.retention.automatic);
}

// What is commented out is "#key = value" or "#[table]"; remarks begin with "# ".
std::string uncommented(const std::string& text) {
    std::string out;
    for (const auto& line : split(text, '\n')) out += (line.starts_with('#') && !line.starts_with("# ") && line != "#" ? line.substr(1) : line) + "\n";
    return out;
}

TEST(SettingsPages, EveryKeyStandsInTheFileOfInitAndIsReadWhenItIsNoCommentAnyMore) {
    for (const auto& sources : {std::vector<NewSource>{}, std::vector<NewSource>{{.name = "app", .database = "a.db"}}}) {
        const auto file = new_settings_file({.repository = ".holdfast", .key_file = {}, .password_file = {}, .password_command = {}, .sources = sources});
        for (const auto& key : all_keys()) {
            EXPECT_TRUE(std::regex_search(file, std::regex("(^|\n)#?(" + key + " = |\\[+([a-z_.]+\\.)?" + key + "(\\.[a-z]+)?\\]+)"))) << key;
        }
        const auto settings = read(uncommented(file), "production");
        EXPECT_EQ(settings.loaded.settings.repository.path, "/backups/app");
        for (const auto& problem : settings.problems) {  // alternatives stand side by side there: only rules may find fault
            const bool is_rule = problem.message.find("both are given") != std::string::npos || problem.message.find("keep_all keeps") != std::string::npos ||
                                 problem.message.find("secrets are given") != std::string::npos || problem.message.find("none of the source's databases") != std::string::npos;
            EXPECT_TRUE(is_rule) << problem.line << " " << problem.key << ": " << problem.message;
        }
        EXPECT_EQ(settings.loaded.settings.source.at("app").cleanup.at(0).older_than, 30 * 86'400);
    }
}

TEST(SettingsPages, TheReferenceNamesEveryKeyAndIsTheOneInTheGuide) {
    Context context{.host = host::real_host(), .watch = {}, .vfs = {}};
    const auto page = must(reference_of_settings(context, {})).markdown;
    for (const auto& key : all_keys()) EXPECT_TRUE(std::regex_search(page, std::regex("(\\| `|[\\[.])" + key + "(`|\\]|\\.NAME\\])"))) << key;
    const auto guide = must(host::read_file(host::posix_file_system(), HOLDFAST_SETTINGS_GUIDE, 1 << 20));
    EXPECT_EQ(text_of(guide), page) << "holdfast settings reference > docs/guide/settings.md";
}

TEST(SettingForms, SizesAndDurationsAreReadAsTheyAreWritten) {
    for (const auto& [text, bytes] : {std::pair("0", 0ull), std::pair("1B", 1ull), std::pair("500MB", 500'000'000ull), std::pair("5GiB", 5ull << 30), std::pair("2 TiB", 2ull << 40), std::pair("7kB", 7000ull)}) {
        EXPECT_EQ(must(parse_size(text)), bytes) << text;
        EXPECT_EQ(must(parse_size(size_text(bytes))), bytes) << text;
    }
    for (const char* text : {"", "5", "-1B", "1.5GiB", "GiB", "5 giB", "1e3B", "9999999999999999B"}) EXPECT_THAT(parse_size(text), FailsWith(ErrorCode::invalid)) << text;
    for (const std::int64_t seconds : {0l, 1l, 59l, 60l, 90l, 3600l, 86'400l, 7 * 86'400l, 30 * 86'400l, 365 * 86'400l, 31'536'001l}) {
        EXPECT_EQ(must(parse_duration_s(duration_text(seconds))), seconds);
    }
}

}  // namespace
}  // namespace holdfast::operations
