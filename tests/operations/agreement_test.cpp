#include "holdfast/operations/agreement.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "agree/zip_bytes.h"
#include "holdfast/operations/drill.h"
#include "holdfast/operations/hold.h"
#include "holdfast/operations/list.h"
#include "holdfast/operations/maintain.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Seed 004: tickets with vectors, an index for each dataset, in one of two forms.
class AgreementOfASource : public World {
protected:
    AgreementOfASource() {
        make_repository();
        execute(database, "CREATE TABLE embeddings(id INTEGER PRIMARY KEY, dataset_id INTEGER, ticket_id INTEGER, model_name TEXT, vector BLOB)");
        std::filesystem::create_directories(folder);
        settings("");
    }
    static constexpr std::string_view usual = R"(files = ["faiss/*.index", "faiss/*.npz"]
each = "SELECT DISTINCT dataset_id FROM embeddings"
ids = "SELECT ticket_id FROM embeddings WHERE dataset_id = :name"
count = "SELECT count(*) FROM embeddings WHERE dataset_id = :name"
dimension = "SELECT length(vector) / 4 FROM embeddings WHERE dataset_id = :name LIMIT 1"
model = "SELECT model_name FROM embeddings WHERE dataset_id = :name LIMIT 1"
meta = "faiss/*.meta.json"
meta_dimension = "/dim"
meta_model = "/model_name"
)";
    void settings(std::string_view more) { agreement_is(std::string(usual) + std::string(more)); }
    void agreement_is(std::string_view table) {
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\noptional = true\n[[source.app.agreement]]\n" + std::string(table));
    }
    // A dataset with its tickets, as the application without FAISS keeps it.
    void dataset(int number, const std::vector<std::int64_t>& tickets) {
        tickets_of(number, tickets);
        write_npz(number, tickets);
        meta(number, 384, "builtin-384");
        write(folder + format("/{}.index", number), "");
    }
    void tickets_of(int number, const std::vector<std::int64_t>& tickets) {
        execute(database, format("DELETE FROM embeddings WHERE dataset_id = {}", number));
        for (const auto ticket : tickets) execute(database, format("INSERT INTO embeddings(dataset_id, ticket_id, model_name, vector) VALUES ({}, {}, 'builtin-384', zeroblob(1536))", number, ticket));
    }
    void write_npz(int number, const std::vector<std::int64_t>& ids) {
        write(folder + format("/{}.npz", number), tests::zip({{.name = "vectors.npy", .plain = tests::npy_of_vectors(ids.size(), 384)}, {.name = "ids.npy", .plain = tests::npy_of_ids(ids)}}));
    }
    void meta(int number, int dimension, std::string_view model) { write(folder + format("/{}.meta.json", number), format("{{\"dim\": {}, \"model_name\": \"{}\"}}", dimension, model)); }

    std::vector<AgreementResult> look(const std::string& snapshot = "live") {
        AgreementRequest request{.repository = in_repository()};
        request.snapshot = snapshot;
        const auto report = must(agreement(context, request));
        EXPECT_EQ(report.agrees, std::ranges::all_of(report.sources.front().agreement, &AgreementResult::is_right));
        return report.sources.front().agreement;
    }
    AgreementResult only(const std::string& snapshot = "live") {
        auto results = look(snapshot);
        EXPECT_EQ(results.size(), 1u);
        return results.empty() ? AgreementResult() : std::move(results.front());
    }
    const std::string folder = root / "work/faiss";
};

TEST_F(AgreementOfASource, TheFormInUseAgreesAndThePlaceholderIsToldAsOne) {
    dataset(1, {1, 2, 3});
    dataset(2, {10});
    const auto results = look();
    ASSERT_EQ(results.size(), 2u);
    EXPECT_EQ(results[0].verdict, "agrees") << results[0].why();
    EXPECT_EQ(results[0].name, "1");
    EXPECT_EQ(results[0].file, folder + "/1.npz");
    EXPECT_EQ(results[0].count, 3u);
    EXPECT_EQ(results[0].dimension, 384u);
    EXPECT_EQ(results[0].model, "builtin-384");
    EXPECT_THAT(results[0].notes, ElementsAre(HasSubstr("1.index is an empty placeholder")));
    EXPECT_EQ(results[1].verdict, "agrees");
}

// As in the application's own sample: its npz holds ten vectors, of which three are of the dataset.
TEST_F(AgreementOfASource, IdsAreNamedThatAreMissingOnEitherSide) {
    dataset(1, {1, 2, 3});
    write_npz(1, {1, 2, 4, 5});
    const auto result = only();
    EXPECT_EQ(result.verdict, "disagrees");
    EXPECT_THAT(result.first_missing_in_database, ElementsAre(4, 5));
    EXPECT_THAT(result.first_missing_in_index, ElementsAre(3));
    EXPECT_THAT(result.why(), HasSubstr("2 ids of which the database knows nothing: 4, 5"));
    EXPECT_THAT(result.why(), HasSubstr("count is 4, and should be 3"));
}

TEST_F(AgreementOfASource, DimensionAndModelAreComparedOnThreeSides) {
    dataset(1, {1});
    meta(1, 768, "builtin-384");
    EXPECT_THAT(only().why(), HasSubstr("says dimension 768, and the database 384"));
    meta(1, 384, "another");
    EXPECT_THAT(only().why(), HasSubstr("says model another, and the database builtin-384"));
    write(folder + "/1.meta.json", "{\"dim\": 384");
    EXPECT_THAT(only().why(), HasSubstr("1.meta.json"));
    EXPECT_EQ(only().verdict, "disagrees");
    write(folder + "/1.meta.json", "{}");
    EXPECT_THAT(only().why(), HasSubstr("tells no dimension at /dim"));
    meta(1, 384, "builtin-384");
    execute(database, "UPDATE embeddings SET vector = zeroblob(3072)");
    EXPECT_EQ(only().verdict, "disagrees");
}

TEST_F(AgreementOfASource, AFullPairIsNeededOfEach) {
    dataset(1, {1});
    std::filesystem::remove(folder + "/1.meta.json");
    EXPECT_THAT(only().why(), HasSubstr("1.meta.json is missing"));
    meta(1, 384, "builtin-384");
    std::filesystem::remove(folder + "/1.npz");
    EXPECT_THAT(only().why(), HasSubstr("only an empty placeholder, and something has to be in it"));
    std::filesystem::remove(folder + "/1.index");
    EXPECT_THAT(only().why(), HasSubstr("are all missing"));
    EXPECT_EQ(only().verdict, "disagrees");
    tickets_of(1, {});
    EXPECT_THAT(look(), IsEmpty()) << "nothing has to be there";
    write(folder + "/1.index", "");
    EXPECT_EQ(only().verdict, "placeholder");
    settings("empty = \"error\"\n");
    EXPECT_THAT(only().why(), HasSubstr("1.index is empty"));
}

// What is left of a dataset that is gone.
TEST_F(AgreementOfASource, AFileOfNoDatasetDisagrees) {
    dataset(7, {1});
    tickets_of(7, {});
    const auto result = only();
    EXPECT_EQ(result.verdict, "disagrees");
    EXPECT_THAT(result.first_missing_in_database, ElementsAre(1));
}

TEST_F(AgreementOfASource, AQuestionThatHasNoAnswerIsNoAgreement) {
    dataset(1, {1});
    agreement_is("files = [\"faiss/*.npz\"]\nids = \"SELECT n FROM nowhere WHERE n = :name\"\n");
    EXPECT_EQ(only().verdict, "could_not");
    EXPECT_THAT(only().why(), HasSubstr("nowhere"));
    agreement_is("files = [\"faiss/*.npz\"]\nids = \"SELECT 'a text'\"\n");
    EXPECT_EQ(only().verdict, "could_not");
    agreement_is("files = [\"faiss/*.npz\"]\ntime_limit = \"1s\"\nids = \"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n\"\n");
    EXPECT_EQ(only().verdict, "could_not");
}

TEST_F(AgreementOfASource, BackupsSayWhetherTheyAgree) {
    dataset(1, {1, 2, 3});
    const auto good = must(try_backup({database}));
    EXPECT_FALSE(good.unmet);
    ASSERT_EQ(good.agreement.size(), 1u);
    EXPECT_EQ(good.agreement[0].verdict, "agrees");
    tickets_of(1, {1, 2, 3, 4});
    const auto bad = must(try_backup({database}));
    EXPECT_TRUE(bad.unmet);
    EXPECT_TRUE(bad.is_incomplete());
    EXPECT_THAT(bad.agreement[0].first_missing_in_index, ElementsAre(4));
    EXPECT_THAT(bad.warnings, Contains(HasSubstr("an id of which it knows nothing: 4")));
    write_npz(1, {1, 2, 3, 4});
    EXPECT_EQ(only("latest").verdict, "disagrees") << "the backup is what it was";
    EXPECT_EQ(only(format("{}", good.number)).verdict, "agrees");
    EXPECT_EQ(only().verdict, "agrees") << "as it is now";
    EXPECT_FALSE(exists(work + "/.holdfast"));
}

TEST_F(AgreementOfASource, StatusAndVerifyTellOfADisagreement) {
    dataset(1, {1});
    tickets_of(1, {1, 2});
    backup();
    StatusRequest question{.repository = in_repository(), .rpo = {}, .rto = {}, .proof = {}, .targets = {}};
    EXPECT_THAT(must(status(context, question)).missed, Contains(HasSubstr("an id of which it knows nothing: 2")));
    const auto verified = verify_all();
    EXPECT_TRUE(verified.good);
    EXPECT_TRUE(verified.unmet);
    EXPECT_EQ(verified.expected.front().agreement.front().verdict, "disagrees");
    write_npz(1, {1, 2});
    backup();
    EXPECT_FALSE(must(verify(context, verify_request("opened"))).unmet);
    EXPECT_THAT(must(status(context, question)).missed, ::testing::Not(Contains(HasSubstr("of which"))));
}

// As when whoever made it was killed behind its commit.
class AgreementNobodyHasLookedAt : public AgreementOfASource {
protected:
    AgreementNobodyHasLookedAt() {
        dataset(1, {1});
        dataset(2, {5});
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    }
    void make_one() {
        EXPECT_FALSE(must(operations::backup(context, scheduled())).unmet);
        settings("");
    }
    StatusReport told() { return must(status(context, {.repository = in_repository(), .rpo = {}, .rto = {}, .proof = {}, .targets = {}})); }
    BackupRequest scheduled() {
        auto request = backup_request({database});
        request.purpose.operation = "schedule";
        return request;
    }
    BackupReport again() {
        auto report = must(operations::backup(context, scheduled()));
        EXPECT_TRUE(report.confirmed_only);
        return report;
    }
};

TEST_F(AgreementNobodyHasLookedAt, IsLookedAtOnceByTheBackupThatFindsNothingNew) {
    tickets_of(1, {1, 2});
    make_one();
    EXPECT_THAT(told().warnings, Contains(HasSubstr("nobody has looked whether backup #1 holds")));
    EXPECT_TRUE(told().sources.front().is_to_be_looked_at);
    auto rehearsal = scheduled();
    rehearsal.dry_run = true;
    EXPECT_THAT(must(operations::backup(context, rehearsal)).warnings, Contains(HasSubstr("a dry run does not look")));
    const auto met = again();
    EXPECT_TRUE(met.is_incomplete());
    EXPECT_THAT(met.warnings, Contains(HasSubstr("an id of which it knows nothing: 2")));
    EXPECT_THAT(told().warnings, ::testing::Not(Contains(HasSubstr("nobody has looked"))));
    EXPECT_THAT(told().missed, Contains(HasSubstr("an id of which it knows nothing: 2")));
    const auto then = again();
    EXPECT_TRUE(then.unmet);
    EXPECT_THAT(then.agreement, IsEmpty()) << "by its note";
    let_time_pass();
    again();
    const auto rehearsed = must(operations::backup(context, rehearsal));
    EXPECT_TRUE(rehearsed.is_incomplete());
    EXPECT_THAT(rehearsed.warnings, ElementsAre(HasSubstr("an id of which it knows nothing: 2")));
}

TEST_F(AgreementNobodyHasLookedAt, OneThatAgreesIsNotLookedAtAgain) {
    make_one();
    const auto met = again();
    EXPECT_FALSE(met.is_incomplete());
    EXPECT_EQ(met.agreement.size(), 2u);
    EXPECT_THAT(again().agreement, IsEmpty());
    EXPECT_FALSE(told().sources.front().is_to_be_looked_at);
    tickets_of(2, {5});
    EXPECT_EQ(must(operations::backup(context, scheduled())).agreement.size(), 2u);
    EXPECT_THAT(again().agreement, IsEmpty()) << "the one that was new was looked at when it was made";
}

TEST_F(AgreementNobodyHasLookedAt, AVerificationLooksAsWell) {
    tickets_of(1, {1, 2});
    make_one();
    EXPECT_TRUE(must(verify(context, verify_request("opened"))).unmet);
    EXPECT_THAT(told().missed, Contains(HasSubstr("an id of which it knows nothing: 2")));
    EXPECT_TRUE(again().unmet);
    tickets_of(1, {1});
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    make_one();
    EXPECT_FALSE(must(verify(context, verify_request("opened"))).unmet);
    EXPECT_FALSE(told().sources.front().is_to_be_looked_at);
    EXPECT_THAT(again().agreement, IsEmpty());
}

TEST_F(AgreementNobodyHasLookedAt, NeitherAtARuleThatIsNewNorAtOneThatIsGone) {
    settings("");
    EXPECT_FALSE(must(operations::backup(context, scheduled())).unmet);
    const std::string more = "[[source.app.agreement]]\nkind = \"command\"\ncommand = \"exit 1\"\n";
    settings(more);
    EXPECT_TRUE(told().sources.front().is_to_be_looked_at);
    EXPECT_TRUE(again().unmet);
    EXPECT_FALSE(told().sources.front().is_to_be_looked_at);
    EXPECT_TRUE(again().unmet) << "by its note";
    settings("");
    EXPECT_FALSE(again().unmet) << "nobody asks for it any more";
    EXPECT_THAT(again().agreement, IsEmpty());
    settings(more);
    EXPECT_TRUE(again().unmet);
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    EXPECT_FALSE(again().unmet);
    EXPECT_EQ(must(list(context, {.repository = in_repository()})).backups.front().state, "ok");
}

TEST_F(AgreementOfASource, ListAndShowTellOfADisagreement) {
    dataset(1, {1});
    backup();
    tickets_of(1, {1, 2});
    backup();
    const auto listed = must(list(context, {.repository = in_repository()}));
    EXPECT_EQ(listed.backups[0].state, "not as expected");
    EXPECT_THAT(listed.backups[0].unmet, ElementsAre(HasSubstr("an id of which it knows nothing: 2")));
    EXPECT_EQ(listed.backups[1].state, "ok");
    EXPECT_THAT(listed.backups[1].unmet, IsEmpty());
    EXPECT_THAT(shown("2").backup.unmet, ElementsAre(HasSubstr("an id of which it knows nothing: 2")));
}

TEST_F(AgreementOfASource, MaintenanceSaysThatTheBackupBeforeItIsNotAsItShouldBe) {
    dataset(1, {1});
    tickets_of(1, {1, 2});
    MaintainAnalyzeRequest request;
    request.target.database = database;
    request.before.repository = in_repository();
    const auto analyzed = must(maintain_analyze(context, request));
    EXPECT_TRUE(analyzed.before.incomplete);
    EXPECT_EQ(exit_code_of(analyzed), 3);
    write_npz(1, {1, 2});
    std::filesystem::rename(folder, folder + ".away");
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    EXPECT_THAT(must(maintain_analyze(context, request)).before.warnings, Contains(HasSubstr(format("lacks {}: ", folder))));
    std::filesystem::rename(folder + ".away", folder);
    settings("");
    EXPECT_EQ(exit_code_of(must(maintain_analyze(context, request))), 0);
}

TEST_F(AgreementOfASource, ADrillPassesWhenTheRestoredFilesAgree) {
    dataset(1, {1});
    backup();
    DrillRequest request;
    request.repository = in_repository();
    auto report = must(drill(context, request));
    EXPECT_TRUE(report.passed);
    ASSERT_EQ(report.backups.front().agreement.size(), 1u);
    EXPECT_THAT(report.backups.front().agreement.front().file, HasSubstr("1.npz"));
    tickets_of(1, {1, 2});
    backup();
    write_npz(1, {1, 2});  // what is there now is not what was kept
    report = must(drill(context, request));
    EXPECT_FALSE(report.passed);
    EXPECT_EQ(report.backups.front().agreement.front().verdict, "disagrees");
}

// Without any query that would demand it.
TEST_F(AgreementOfASource, AFileThatHasBecomeEmptyIsALossUntilItIsAccepted) {
    agreement_is("files = [\"faiss/*.npz\"]\n");
    dataset(1, {1});
    const auto first = backup();
    EXPECT_EQ(first.agreement.front().verdict, "agrees");
    write(folder + "/1.npz", "");
    EXPECT_THAT(only().why(), HasSubstr(format("it was not in backup #{}", first.number))) << "live";
    const auto second = backup();
    EXPECT_TRUE(second.unmet);
    EXPECT_THAT(second.warnings, Contains(HasSubstr("--accept-loss")));
    const auto third = backup();
    EXPECT_TRUE(third.unmet) << "the emptied one is no measure";
    EXPECT_THAT(third.agreement.front().emptied, HasSubstr(format("#{}", first.number)));
    AnnotateRequest accept{.repository = in_repository()};
    accept.snapshot = format("{}", third.number);
    accept.accept_loss = true;
    must(annotate(context, accept));
    const auto fourth = backup();
    EXPECT_FALSE(fourth.unmet);
    EXPECT_EQ(fourth.agreement.front().verdict, "placeholder");
}

TEST_F(AgreementOfASource, ACommandJudgesFilesAndDatabaseAndThoseOfABackupAreCopies) {
    write(work + "/check.sh", "test \"$HOLDFAST_NAME\" = 1 || exit 3\n"
                              "ids=$(sqlite3 \"$HOLDFAST_DATABASE\" 'SELECT group_concat(ticket_id) FROM embeddings')\n"
                              "echo \"database $ids, file $(cat $HOLDFAST_FILE)\"; test \"$ids\" = \"$(cat $HOLDFAST_FILE)\"\n");
    agreement_is("files = [\"faiss/*.ids\"]\nkind = \"command\"\ncommand = \"sh check.sh\"\n");
    tickets_of(1, {1, 2});
    write(folder + "/1.ids", "1,2");
    const auto number = backup().number;
    EXPECT_EQ(only().verdict, "agrees");
    write(folder + "/1.ids", "1,2,3");
    EXPECT_THAT(only().why(), HasSubstr("database 1,2, file 1,2,3"));
    EXPECT_EQ(only(format("{}", number)).verdict, "agrees") << only(format("{}", number)).why();
    tickets_of(1, {1, 2, 3});
    EXPECT_EQ(only().verdict, "agrees");
    EXPECT_EQ(only(format("{}", number)).verdict, "agrees") << "of the backup both";
}

TEST_F(AgreementOfASource, TwoDatabasesMayHaveToAgree) {
    execute(work + "/chroma.db", "CREATE TABLE documents(id INTEGER PRIMARY KEY); INSERT INTO documents VALUES (1), (2)");
    tickets_of(1, {1, 2});
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\", \"chroma.db\"]\n[[source.app.agreement]]\nfiles = [\"chroma.db\"]\n"
                                   "ids = \"SELECT ticket_id FROM embeddings\"\nids_in = \"SELECT id FROM documents\"\ndatabase = \"app.db\"\n");
    EXPECT_EQ(only().verdict, "agrees") << only().why();
    const auto number = must(try_backup({database, work + "/chroma.db"})).number;
    execute(work + "/chroma.db", "DELETE FROM documents WHERE id = 2");
    EXPECT_THAT(only().first_missing_in_index, ElementsAre(2));
    EXPECT_EQ(only(format("{}", number)).verdict, "agrees");
}

TEST_F(AgreementOfASource, OtherFilesMayBeNeededAndArraysHaveOtherNames) {
    agreement_is("files = [\"faiss/*.npz\"]\nneeds = [\"faiss/*.labels.json\"]\nids_in = \"labels\"\nvectors_in = \"values\"\n"
                 "ids = \"SELECT ticket_id FROM embeddings WHERE dataset_id = :name\"\ncount = \"SELECT 1\"\n");
    tickets_of(1, {5});
    write(folder + "/1.npz", tests::zip({{.name = "values.npy", .plain = tests::npy_of_vectors(1, 2)}, {.name = "labels.npy", .plain = tests::npy_of_ids({5})}}));
    EXPECT_THAT(only().why(), HasSubstr("1.labels.json is missing"));
    write(folder + "/1.labels.json", "");
    EXPECT_THAT(only().why(), HasSubstr("1.labels.json is empty"));
    write(folder + "/1.labels.json", "[1");
    EXPECT_EQ(only().verdict, "disagrees");
    write(folder + "/1.labels.json", "[1]");
    EXPECT_EQ(only().verdict, "agrees") << only().why();
    EXPECT_EQ(only().dimension, 2u);
}

TEST_F(AgreementOfASource, ThereMayBeNoneOnlyWhereItIsOptional) {
    agreement_is("files = [\"faiss/*.npz\"]\n");
    EXPECT_THAT(only().why(), HasSubstr("*.npz is missing"));
    agreement_is("files = [\"faiss/ids.json\"]\nids = \"SELECT ticket_id FROM embeddings\"\nids_in = \"/ids\"\n");
    EXPECT_THAT(only().why(), HasSubstr("ids.json is missing"));
    for (const char* table : {"files = [\"faiss/*.npz\"]\noptional = true\n", "files = [\"faiss/ids.json\"]\noptional = true\n"}) {
        agreement_is(table);
        EXPECT_THAT(look(), IsEmpty()) << table;
    }
    tickets_of(1, {5, 6});
    agreement_is("files = [\"faiss/ids.json\"]\nids = \"SELECT ticket_id FROM embeddings\"\nids_in = \"/ids\"\n");
    write(folder + "/ids.json", "{\"ids\": [5]}");
    EXPECT_THAT(only().first_missing_in_index, ElementsAre(6));
}

TEST_F(AgreementOfASource, WhatIsNotAskedForIsRefusedByName) {
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n");
    const auto refused = agreement(context, {.repository = in_repository()});
    EXPECT_THAT(refused, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(refused.error().advice(), HasSubstr("[[source.NAME.agreement]]"));
    EXPECT_THAT(backup().agreement, IsEmpty());
}

TEST_F(AgreementOfASource, SettingsThatCannotMeanAnythingAreRefused) {
    const auto why = [&](std::string_view table) {
        agreement_is(table);
        const auto refused = agreement(context, {.repository = in_repository()});
        return refused ? "nothing is wrong" : refused.error().text();
    };
    EXPECT_THAT(why("ids = \"SELECT 1\"\n"), HasSubstr("which files have to agree"));
    EXPECT_THAT(why("files = [\"faiss/*/*.npz\"]\n"), HasSubstr("star in a folder's name"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\", \"faiss/all.index\"]\n"), HasSubstr("others none"));
    EXPECT_THAT(why("files = [\"faiss/*.bin\"]\n"), HasSubstr("does not say what it is"));
    EXPECT_THAT(why("files = [\"faiss/all.npz\"]\neach = \"SELECT 1\"\n"), HasSubstr("no file has a star"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\"]\nkind = \"command\"\n"), HasSubstr("there is none"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\"]\ncommand = \"true\"\n"), HasSubstr("both are given"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\"]\nmodel = \"SELECT 1\"\n"), HasSubstr("none is named"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\"]\nmeta_dimension = \"/dim\"\n"), HasSubstr("in which file"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\"]\ndatabase = \"other.db\"\n"), HasSubstr("none of the source's databases"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\"]\nids = \"DELETE FROM embeddings WHERE :name\"\n"), HasSubstr("no query that only reads"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\"]\neach = \"SELECT :name\"\n"), HasSubstr("no query"));
    EXPECT_THAT(why("files = [\"chroma.db\"]\nids = \"SELECT 1\"\n"), HasSubstr("is a query"));
    EXPECT_THAT(why("files = [\"faiss/*.npz\"]\ntime_limit = \"0s\"\n"), HasSubstr("no time"));
}

#ifdef HOLDFAST_MAKE_FAISS_INDEX

class AgreementOfFaiss : public AgreementOfASource {
protected:
    void make_index(const std::string& kind, int number, const std::vector<std::int64_t>& ids) {
        std::string command = format("{} {} {}/{}.index 384", HOLDFAST_MAKE_FAISS_INDEX, kind, folder, number);
        for (const auto id : ids) command += format(" {}", id);
        ASSERT_EQ(std::system(command.c_str()), 0);
    }
};

TEST_F(AgreementOfFaiss, RealIndexesAreCompared) {
    dataset(1, {1, 2, 3});
    make_index("idmap2", 1, {1, 2, 3});
    write_npz(1, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});  // the application's sample: one of them is current
    const auto live = only();
    EXPECT_EQ(live.verdict, "agrees") << live.why();
    EXPECT_EQ(live.file, folder + "/1.index");
    EXPECT_EQ(live.type, "IndexIDMap2(IndexFlatIP)");
    EXPECT_EQ(live.metric, "inner product");
    EXPECT_THAT(live.notes, Contains(HasSubstr("7 ids of which the database knows nothing")));
    const auto number = backup().number;
    make_index("idmap2", 1, {1, 2});
    EXPECT_EQ(only().verdict, "disagrees");
    EXPECT_EQ(only(format("{}", number)).verdict, "agrees");
    write(folder + "/1.index", "IxM2 and then nothing that an index has");
    EXPECT_EQ(only().verdict, "disagrees");
}

#else

TEST_F(AgreementOfASource, OfFaissIsNotTested) { GTEST_SKIP() << "the FAISS library was not there when this was built (libfaiss-dev)"; }

#endif

}  // namespace
}  // namespace holdfast::operations
