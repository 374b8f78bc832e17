#include "holdfast/agree/faiss.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "agree/files_in_folder.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::agree {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;
using tests::FailsWith;
using tests::must;

class Faiss : public tests::FilesInFolder {
protected:
    Result<Look> look_at(const std::string& path, std::int64_t time_ms = 60'000) {
        return look_at_faiss({.program = program, .path = path, .size = must(files.status(path)).size, .time_ms_max = time_ms}, bounds);
    }
    std::string program;
};

TEST_F(Faiss, WithoutItsProgramNothingIsSaid) {
    const auto looked = look_at(write("1.index", "IxM2"));
    EXPECT_THAT(looked, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(looked.error().advice(), HasSubstr("holdfast-faiss"));
}

TEST_F(Faiss, AnotherProgramsAnswersAreNonsense) {
    const auto answering = [&](const std::string& script) {
        program = write("look.sh", "#!/bin/sh\n" + script + "\n");
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
        return look_at(write("1.index", "x"), 2000);
    };
    EXPECT_THAT(answering("echo hello"), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(answering("true"), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(answering("exit 1"), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(answering("kill -ABRT $$"), FailsWith(ErrorCode::corrupt)) << "what crashes the library is no index";
    EXPECT_THAT(answering("kill -KILL $$"), FailsWith(ErrorCode::unavailable)) << "memory may have run out";
    EXPECT_THAT(answering("sleep 60"), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(answering("yes"), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(answering("yes | tr -d '\\n'"), FailsWith(ErrorCode::unavailable));
    const std::string facts = "\"type\": \"x\", \"count\": 1, \"dimension\": 1, \"metric\": \"L2\", \"trained\": true, ";
    EXPECT_THAT(answering("echo '{" + facts + "\"ids\": \"listed\", \"ids_count\": 1}'; printf 1234"), FailsWith(ErrorCode::unavailable)) << "fewer ids than it says";
    EXPECT_THAT(*must(answering("echo '{" + facts + "\"ids\": \"listed\", \"ids_count\": 1}'; printf '\\005\\0\\0\\0\\0\\0\\0\\0'")).ids, ElementsAre(5));
}

#ifdef HOLDFAST_FAISS_LOOK

// Indexes that the library itself has made.
class RealFaiss : public Faiss {
protected:
    RealFaiss() { program = HOLDFAST_FAISS_LOOK; }
    std::string made(const std::string& kind, const std::vector<std::int64_t>& ids) {
        const std::string path = folder / (kind + ".index");
        std::vector<std::string> words{HOLDFAST_MAKE_FAISS_INDEX, kind, path, "4"};
        for (const auto id : ids) words.push_back(std::to_string(id));
        std::vector<char*> pointers;
        for (auto& word : words) pointers.push_back(word.data());
        pointers.push_back(nullptr);
        pid_t process = 0;
        int status = 0;
        EXPECT_EQ(::posix_spawn(&process, words[0].c_str(), nullptr, nullptr, pointers.data(), environ), 0);
        EXPECT_EQ(::waitpid(process, &status, 0), process);
        EXPECT_EQ(status, 0) << kind;
        return path;
    }
};

TEST_F(RealFaiss, EveryKindTellsItsIds) {
    const struct {
        const char* kind;
        const char* type;
        const char* metric;
        bool has_own_ids;
    } kinds[] = {{"flat", "IndexFlatIP", "inner product", false},       {"hnsw", "IndexHNSWFlat", "L2", false},
                 {"ivf", "IndexIVFFlat", "inner product", false},       {"ivf_of", "IndexIVFFlat", "inner product", true},
                 {"idmap", "IndexIDMap(IndexFlatIP)", "inner product", true}, {"idmap2", "IndexIDMap2(IndexFlatIP)", "inner product", true},
                 {"pretransform", "IndexPreTransform(IndexFlatIP)", "inner product", false}};
    for (const auto& [kind, type, metric, has_own_ids] : kinds) {
        const auto look = look_at(made(kind, {10, 7, 4'000'000'000'000}));
        ASSERT_TRUE(look.ok()) << kind << ": " << look.error().text();
        EXPECT_EQ(look->type, type);
        EXPECT_EQ(look->metric, metric) << kind;
        EXPECT_EQ(look->count, 3u) << kind;
        EXPECT_EQ(look->dimension, 4u) << kind;
        EXPECT_EQ(look->trained, true) << kind;
        const auto ids = has_own_ids ? std::vector<std::int64_t>{10, 7, 4'000'000'000'000} : std::vector<std::int64_t>{0, 1, 2};
        EXPECT_THAT(*look->ids, UnorderedElementsAreArray(ids)) << kind;
    }
}

TEST_F(RealFaiss, AnEmptyOrUntrainedOneSaysSo) {
    EXPECT_EQ(must(look_at(made("idmap2", {}))).count, 0u);
    EXPECT_EQ(must(look_at(made("untrained", {}))).trained, false);
}

TEST_F(RealFaiss, ThatIsCutOrGoesOnIsDamaged) {
    const auto path = made("idmap2", {10, 7, 5});
    const std::string whole(text_of(must(host::read_file(files, path, 1 << 20))));
    EXPECT_EQ(whole.substr(0, 4), "IxM2");
    for (std::size_t size = 4; size < whole.size(); size += 5) EXPECT_THAT(look_at(write("cut.index", whole.substr(0, size))), FailsWith(ErrorCode::corrupt)) << size;
    EXPECT_THAT(look_at(write("longer.index", whole + "x")), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(look_at(write("other.index", "this is no index at all, but text")), FailsWith(ErrorCode::unavailable));
}

// Whatever stands in its fields, it is told, and neither memory nor time run away.
TEST_F(RealFaiss, HostileFieldsBringNothingDown) {
    for (const char* kind : {"idmap2", "ivf", "hnsw"}) {
        const auto path = made(kind, {10, 7, 5});
        const Bytes whole = must(host::read_file(files, path, 1 << 20));
        for (std::size_t at = 4; at < std::min<std::size_t>(whole.size() - 8, 128); at += 8) {
            for (const std::uint64_t value : {std::uint64_t{0xffffffffffffffff}, std::uint64_t{1} << 39}) {
                auto bytes = whole;
                save(LittleEndian<std::uint64_t>(value), std::span(bytes).subspan(at));
                const auto look = look_at(write("hostile.index", text_of(bytes)));
                if (look) continue;
                EXPECT_TRUE(look.error().code() == ErrorCode::corrupt || look.error().code() == ErrorCode::unavailable) << kind << at << look.error().text();
            }
        }
    }
}

TEST_F(RealFaiss, MoreIdsThanAreComparedAreRefused) {
    bounds.ids_max = 2;
    EXPECT_THAT(look_at(made("idmap2", {10, 7, 5})), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(look_at(made("flat", {10, 7, 5})), FailsWith(ErrorCode::unavailable));
}

#else

TEST(RealFaiss, IsNotThere) { GTEST_SKIP() << "the FAISS library was not there when this was built (libfaiss-dev)"; }

#endif

}  // namespace
}  // namespace holdfast::agree
