#include "holdfast/base/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast {
namespace {

using namespace tests;

std::string why(std::string_view text) {
    const auto parsed = Json::parse(text);
    return parsed.ok() ? "it was read" : parsed.error().message();
}

// Any tree of values, down to `depth` levels of arrays and objects.
rc::Gen<Json> any_json(int depth) {
    const auto leaf = rc::gen::oneOf(rc::gen::just(Json()), rc::gen::map(rc::gen::arbitrary<bool>(), [](bool value) { return Json(value); }),
                                     rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t value) { return Json(value); }),
                                     rc::gen::map(rc::gen::arbitrary<double>(), [](double value) { return Json(value); }),
                                     rc::gen::map(rc::gen::string<std::string>(), [](std::string value) { return Json(std::move(value)); }));
    if (depth == 0) return leaf;
    const auto inner = rc::gen::resize(4, rc::gen::container<std::vector<Json>>(any_json(depth - 1)));
    const auto named = rc::gen::map(inner, [](const std::vector<Json>& values) {
        Json object = Json::object();
        for (std::size_t i = 0; i < values.size(); ++i) object.set(format("name {}", i), values[i]);
        return object;
    });
    return rc::gen::oneOf(leaf, rc::gen::map(inner, [](std::vector<Json> values) { return Json(std::move(values)); }), named);
}

TEST(JsonTree, RoundTripsOnOneLineAndIndented) {
    EXPECT_TRUE(rc::check([] {
        const std::string text = (*any_json(4).as("tree")).to_text();
        const auto once = Json::parse(text);
        RC_ASSERT(once.ok());
        RC_ASSERT(once->to_text() == text);
        const auto indented = Json::parse(once->to_text(2));
        RC_ASSERT(indented.ok());
        RC_ASSERT(indented->to_text() == text);
    }));
}

TEST(JsonNumbers, KeepEveryBitAndRefuseTheWrongKind) {
    EXPECT_EQ(must(must(Json::parse("-9223372036854775808")).as_integer()), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(must(Json::parse("18446744073709551615")).to_text(), "18446744073709551615");
    EXPECT_THAT(must(Json::parse("18446744073709551615")).as_integer(), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(must(Json::parse("1.5")).as_integer(), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(must(Json::parse("\"1\"")).as_number(), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(must(must(Json::parse("7")).as_number()), 7.0);
    EXPECT_EQ(must(must(Json::parse("0.1")).as_number()), 0.1);
    EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).to_text(), "null");  // JSON has no word for it
}

TEST(JsonObject, SetReplacesInPlaceAndTheLastOfEqualKeysHolds) {
    EXPECT_EQ(Json().set("a", 1).set("b", 2).set("a", 3).to_text(), R"({"a":3,"b":2})");
    EXPECT_EQ(must(Json::parse(R"({"a":1,"b":2,"a":3})")).to_text(), R"({"a":3,"b":2})");
    EXPECT_EQ(must(Json::parse(R"({"a":{"a":1},"b":{"a":2}})")).to_text(), R"({"a":{"a":1},"b":{"a":2}})");
    EXPECT_EQ(Json().set("a", 1).find("b"), nullptr);
    EXPECT_EQ(Json(1).find("a"), nullptr);
}

TEST(JsonObject, ManyKeysAreReadWhole) {
    constexpr std::size_t keys = 200'000;  // looking each one up in a list would take minutes
    std::string text = "{";
    for (std::size_t i = 0; i < keys; ++i) text += format("{}\"{}\":{}", i == 0 ? "" : ",", i, i);
    const Json object = must(Json::parse(text + "}"));
    const auto* members = object.as_object();
    if (members == nullptr || members->empty()) FAIL() << "no object with members came out";
    EXPECT_EQ(members->size(), keys);
    EXPECT_EQ(members->back().first, "199999");
}

TEST(JsonErrors, PointAtTheCharacterThatIsWrong) {
    EXPECT_EQ(why("{\n  \"a\": ?\n}").substr(0, 30), "read JSON: line 2, column 8: s");
    EXPECT_EQ(why("{\n  \"a\": tru\n}").substr(0, 31), "read JSON: line 2, column 11: s");
    EXPECT_EQ(why("").substr(0, 28), "read JSON: line 1, column 1:");
    EXPECT_EQ(why("[1,\n2").substr(0, 28), "read JSON: line 2, column 2:");
    EXPECT_EQ(why("{\n\"]\\\"]\": " + std::string(100, '[')), "read JSON: line 2, column 72: nested too deeply");
}

TEST(JsonErrors, SayWhatIsWrongWithoutTheLibrarysNamesOrTheText) {
    const std::string bad = why("{\"password\": \"hunter2\x01\"}");
    EXPECT_NE(bad.find("control character"), std::string::npos) << bad;
    EXPECT_EQ(bad.find("hunter2"), std::string::npos) << bad;
    EXPECT_EQ(bad.find("exception"), std::string::npos) << bad;
    EXPECT_LT(why("1" + std::string(100'000, '0') + "e999").size(), 200u);
}

TEST(JsonHostile, DepthIsBoundedInEveryMixture) {
    const auto nested = [](std::size_t depth) {
        std::string text;
        for (std::size_t i = 0; i < depth; ++i) text += i % 2 == 0 ? "[" : "{\"a\":";
        text += "0";
        for (std::size_t i = depth; i-- > 0;) text += i % 2 == 0 ? "]" : "}";
        return text;
    };
    EXPECT_THAT(Json::parse(nested(64)), Succeeds());
    EXPECT_THAT(Json::parse(nested(65)), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(Json::parse(nested(1'000'000)), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(Json::parse(std::string(1'000'000, '[')), FailsWith(ErrorCode::invalid));
}

TEST(JsonHostile, MalformedTextIsRefused) {
    for (const std::string_view text : {"nul", "[1,]", "{\"a\"}", "{a:1}", "01", "1e999", "-", "+1", "'a'", "\"a", "\"\\x\"", "\"\\ud800\"", "\"\xff\"", "\"\xc0\x80\"", "[1] x",
                                        "{\"a\":1,}", "NaN", "// x\n1", "\"a\nb\""})
        EXPECT_THAT(Json::parse(text), FailsWith(ErrorCode::invalid)) << printable(text);
    EXPECT_EQ(why(std::string_view("[1,\n2]\0hidden", 13)), "read JSON: line 2, column 3: a zero byte");
}

RC_GTEST_PROP(JsonHostile, AnyDamageIsAnErrorOrAValueThatRoundTrips, ()) {
    std::string text = R"({"a":[1,-2.5e3,"x\u00e9 and more",null,true],"b":{"c":"\ud83d\ude00"}})";
    const auto places = *rc::gen::resize(2, rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, text.size())));
    for (const std::size_t at : places) text[at] = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::element(' ', '1', '"', ',', '[', '}', '\\', '\n'));
    const auto parsed = Json::parse(text);
    RC_CLASSIFY(parsed.ok(), "still JSON");
    if (!parsed.ok()) {
        RC_ASSERT(parsed.error().code() == ErrorCode::invalid);
        return;
    }
    RC_ASSERT(Json::parse(parsed->to_text()).value().to_text() == parsed->to_text());
}

}  // namespace
}  // namespace holdfast
