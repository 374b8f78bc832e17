#include "holdfast/operations/schedule_definitions.h"

#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using tests::FailsWith;
using tests::must;

SchedulePlan plan_in(const std::string& folder) {
    SchedulePlan plan;
    plan.id = "app-1a2b3c4d";
    plan.folder = folder;
    plan.program = "/opt/50% $off x/holdfast";
    plan.databases = {folder + "/a $HOME %h.db"};
    plan.arguments = {"--repository=/b & <c>"};
    plan.jobs = {{.name = "backup", .time = must(parse_schedule_time("hourly", 4)), .as_said = "hourly", .takes_databases = true},
                 {.name = "prune", .time = must(parse_schedule_time("daily 02:30", 4)), .as_said = "daily 02:30"}};
    return plan;
}

std::string text_named(const std::vector<DefinitionFile>& files, const std::string& name) {
    for (const auto& file : files) {
        if (file.name == name) return file.text;
    }
    return "";
}

TEST(SystemdUnits, SayOddPathsAsTheyAre) {
    auto plan = plan_in("/data/100% mine");
    plan.environment = {{"XDG_STATE_HOME", "/s %x \"y\""}};
    const auto units = must(systemd_units(plan));
    EXPECT_THAT(units, SizeIs(4));
    const auto service = text_named(units, "holdfast-app-1a2b3c4d-backup.service");
    EXPECT_THAT(service, HasSubstr("\nWorkingDirectory=/data/100%% mine\n"));
    EXPECT_THAT(service, HasSubstr("\nExecStart=\"/opt/50%% $off x/holdfast\" \"schedule\" \"run\" \"backup\" \"/data/100%% mine/a $$HOME %%h.db\" \"--repository=/b & <c>\"\n"));
    EXPECT_THAT(service, HasSubstr("\nEnvironment=\"XDG_STATE_HOME=/s %%x \\\"y\\\"\"\n"));
    EXPECT_THAT(service, HasSubstr("\nNice=10\n"));
    const auto timer = text_named(units, "holdfast-app-1a2b3c4d-prune.timer");
    EXPECT_THAT(timer, HasSubstr("\nOnCalendar=*-*-* 2:30:00\nPersistent=true\n"));
    EXPECT_THAT(text_named(units, "holdfast-app-1a2b3c4d-prune.service"), Not(HasSubstr(".db")));
    for (const auto& unit : units) EXPECT_TRUE(unit.text.starts_with(unit_mark)) << unit.name;
}

TEST(SystemdUnits, RefuseAFolderThatTheyCannotSay) {
    for (const char* folder : {"/a\nExecStart=rm", "/ends with space ", "/ends with \\"}) EXPECT_THAT(systemd_units(plan_in(folder)), FailsWith(ErrorCode::invalid)) << folder;
    auto plan = plan_in("/data");
    plan.program = "/it's/holdfast";
    EXPECT_THAT(systemd_units(plan), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(must(systemd_word("a\tb\\c\"d")), "\"a\\x09b\\\\c\\\"d\"");
}

TEST(CronBlocks, EscapePercentAndQuoteForTheShell) {
    const auto block = must(cron_block(plan_in("/data/it's 100%")));
    EXPECT_THAT(block, HasSubstr("\n0 * * * * cd '/data/it'\\''s 100\\%' && '/opt/50\\% $off x/holdfast' 'schedule' 'run' 'backup' "));
    EXPECT_THAT(block, HasSubstr("\n30 2 * * * cd "));
    EXPECT_THAT(block, HasSubstr("'--missed' '30 2 * * *'"));
    EXPECT_THAT(cron_block(plan_in("/two\nlines")), FailsWith(ErrorCode::invalid));
}

TEST(CronBlocks, GoAndLeaveEveryOtherByte) {
    const auto block = must(cron_block(plan_in("/data")));
    for (const std::string& before : {std::string(), std::string("# mine\n\n0 1 * * * x\t y \n")}) {
        for (const std::string& after : {std::string(), std::string("\n@daily z\n")}) {
            EXPECT_EQ(must(without_cron_block(before + block + after, "app-1a2b3c4d")), before + after);
            EXPECT_EQ(must(without_cron_block(before + block + after, "app-other")), before + block + after);
        }
    }
    const auto joined = with_cron_block("0 1 * * * x", block);
    EXPECT_TRUE(joined.starts_with("0 1 * * * x\n# begin ")) << "a last line without an end stays a line";
    EXPECT_EQ(with_cron_block(must(without_cron_block(joined, "app-1a2b3c4d")), block), joined);
    EXPECT_EQ(must(without_cron_block(joined, "app-1a2b3c4d")), "0 1 * * * x\n");
    const auto cut = block.substr(0, block.size() - 10);
    EXPECT_THAT(without_cron_block(cut, "app-1a2b3c4d"), FailsWith(ErrorCode::invalid));
}

TEST(LaunchdAgents, NameEveryTime) {
    auto plan = plan_in("/Users & <co>");
    plan.jobs = {{.name = "drill", .time = must(parse_schedule_time("0,30 6 1 * 0,3", 4)), .as_said = "x"}};
    const auto text = must(launchd_agents(plan)).at(0).text;
    EXPECT_THAT(text, HasSubstr("<string>/Users &amp; &lt;co&gt;</string>"));
    std::size_t entries = 0;
    for (std::size_t at = text.find("<dict><key>"); at != std::string::npos; at = text.find("<dict><key>", at + 1)) ++entries;
    EXPECT_EQ(entries, 2u + 4u);  // on the first of the month, and on two weekdays
    plan.jobs[0].time = must(parse_schedule_time("1-59/2 1-23/2 1-31/2 1-11/2 *", 4));
    EXPECT_THAT(launchd_agents(plan), FailsWith(ErrorCode::invalid));
}

TEST(WindowsTasks, MakeUpWhatWasMissed) {
    const auto tasks = must(windows_tasks(plan_in("/mnt/c/it's")));
    EXPECT_THAT(tasks, SizeIs(2));
    EXPECT_THAT(tasks[0].text, HasSubstr("<StartWhenAvailable>true</StartWhenAvailable>"));
    EXPECT_THAT(tasks[0].text, HasSubstr("<Interval>PT1H</Interval>"));
    EXPECT_THAT(tasks[1].text, HasSubstr("<StartBoundary>2026-01-01T02:30:00</StartBoundary>"));
    EXPECT_THAT(tasks[1].text, HasSubstr("--cd &quot;/mnt/c/it's&quot; --exec &quot;/opt"));
}

TEST(WindowsWords, AreReadBackAsTheyWere) {
    EXPECT_EQ(windows_word("plain"), "\"plain\"");
    EXPECT_EQ(windows_word("a\"b"), "\"a\\\"b\"");
    EXPECT_EQ(windows_word("ends\\"), "\"ends\\\\\"");
    EXPECT_EQ(windows_word("a\\\"b"), "\"a\\\\\\\"b\"");
}

}  // namespace
}  // namespace holdfast::operations
