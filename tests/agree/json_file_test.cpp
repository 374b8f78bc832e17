#include "holdfast/agree/json_file.h"

#include "agree/files_in_folder.h"

namespace holdfast::agree {
namespace {

using ::testing::ElementsAre;
using tests::FailsWith;
using tests::must;

class JsonFile : public tests::FilesInFolder {};

TEST_F(JsonFile, IsReadWhole) {
    const auto path = write("1.meta.json", R"({"dim": 384, "models": [{"na/me": "builtin-384"}]})");
    const auto json = must(read_json(files, path, bounds));
    EXPECT_EQ(must(find_pointer(json, "/dim")->as_integer()), 384);
    EXPECT_EQ(*find_pointer(json, "/models/0/na~1me")->as_text(), "builtin-384");
    EXPECT_EQ(find_pointer(json, ""), &json);
    for (const char* nowhere : {"/dimension", "/models/1", "/models/x", "/dim/0", "dim", "/models/0/na/me"}) EXPECT_EQ(find_pointer(json, nowhere), nullptr) << nowhere;
}

TEST_F(JsonFile, ThatIsCutIsDamaged) {
    const std::string whole = R"({"dim": 384, "model_name": "builtin-384"})";
    must(read_json(files, write("a.json", whole), bounds));
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_THAT(read_json(files, write("a.json", whole.substr(0, size)), bounds), FailsWith(ErrorCode::corrupt)) << size;
    EXPECT_THAT(read_json(files, write("a.json", std::string(100'000, '[')), bounds), FailsWith(ErrorCode::corrupt));
}

TEST_F(JsonFile, OfLinesIsAValueALine) {
    EXPECT_EQ(must(look_at_json(files, write("a.jsonl", "{\"a\": 1}\n\n{\"a\": 2}\n"), "", bounds)).count, 2u);
    EXPECT_THAT(look_at_json(files, write("a.jsonl", "{\"a\": 1}\n{\"a\": "), "", bounds), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(look_at_json(files, write("a.json", "{\"a\": 1}\n{\"a\": 2}\n"), "", bounds), FailsWith(ErrorCode::corrupt));
}

TEST_F(JsonFile, MayHoldIds) {
    const auto path = write("a.json", R"({"ids": [3, 1, -9007199254740993], "names": ["x"]})");
    const auto look = must(look_at_json(files, path, "/ids", bounds));
    EXPECT_THAT(*look.ids, ElementsAre(3, 1, -9007199254740993));
    EXPECT_EQ(look.count, 3u);
    EXPECT_THAT(look_at_json(files, path, "/names", bounds), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(look_at_json(files, path, "/nothing", bounds), FailsWith(ErrorCode::corrupt));
    bounds.ids_max = 2;
    EXPECT_THAT(look_at_json(files, path, "/ids", bounds), FailsWith(ErrorCode::unavailable));
    bounds.text_max = 10;
    EXPECT_THAT(look_at_json(files, path, "", bounds), FailsWith(ErrorCode::unavailable));
}

}  // namespace
}  // namespace holdfast::agree
