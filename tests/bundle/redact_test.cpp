#include "holdfast/bundle/redact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/base/text.h"
#include "holdfast/bundle/secret_signs.h"

namespace holdfast::bundle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
    const char* before;
    const char* after;
};

// Nothing here is a secret of anybody: made up for these tests.
class TakesOut : public testing::TestWithParam<Case> {};
TEST_P(TakesOut, TheSecretAndNothingElse) { EXPECT_EQ(redact(GetParam().before).text, GetParam().after); }

INSTANTIATE_TEST_SUITE_P(
    ByTheNameOfTheKey, TakesOut,
    testing::Values(
        Case{"DB_PASSWORD=hunter2\nPORT=3000\n", "DB_PASSWORD=[removed]\nPORT=3000\n"}, Case{"export API_KEY='a b,c'", "export API_KEY='[removed]'"},
        Case{"PASSWORD=ab,cd;e\"f", "PASSWORD=[removed]"}, Case{"password = \"a\\\"b\" # mine", "password = \"[removed]\" # mine"},
        Case{"accessToken: abc def", "accessToken: [removed]"}, Case{"{\"password\":\"x,y\",\"port\":1}", "{\"password\":\"[removed]\",\"port\":1}"},
        Case{"  \"pin\": 1234,\n  \"name\": \"a\"", "  \"pin\": [removed],\n  \"name\": \"a\""}, Case{"db: {user: me, password: x, port: 1}", "db: {user: me, password: [removed], port: 1}"},
        Case{"curl -H 'Authorization: Bearer abc.def'", "curl -H 'Authorization: [removed]'"}, Case{"ran tool --password hunter2 --port 3", "ran tool --password [removed] --port 3"},
        Case{"ran tool --token=hunter2 --port 3", "ran tool --token=[removed] --port 3"}, Case{"GET /login?user=me&token=abc&x=1", "GET /login?user=me&token=[removed]&x=1"},
        Case{"msg={\\\"secret\\\":\\\"abc\\\",\\\"n\\\":1}", "msg={\\\"secret\\\":\\\"[removed]\\\",\\\"n\\\":1}"}, Case{"SECRET_KEY=x\r\nA=1\r\n", "SECRET_KEY=[removed]\r\nA=1\r\n"},
        Case{"privateKey=x", "privateKey=[removed]"}, Case{"session-key=x", "session-key=[removed]"}, Case{"DBPASSWORD=x", "DBPASSWORD=[removed]"}, Case{"APIKey=x", "APIKey=[removed]"}));

INSTANTIATE_TEST_SUITE_P(
    OverSeveralLines, TakesOut,
    testing::Values(Case{"password = \"\"\"one\ntwo\"\"\"\nport = 1\n", "password = \"\"\"[removed]\n\"\"\"\nport = 1\n"},
                    Case{"a:\n  secret: |\n    one\n\n    two\n  port: 1\n", "a:\n  secret: [removed]\n\n\n\n  port: 1\n"},
                    Case{"TOKEN=\"one\ntwo\"\nPORT=1\n", "TOKEN=\"[removed]\n\"\nPORT=1\n"},
                    Case{"k: -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nport: 1\n", "k: [removed]\n\n\nport: 1\n"},
                    Case{"x=\"-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----\\n\" y", "x=\"[removed]\\n\" y"}));

INSTANTIATE_TEST_SUITE_P(
    InListsAndTables, TakesOut,
    testing::Values(Case{"{\"token\":[\"arrtok1\"],\"n\":1}", "{\"token\":\"[removed]\",\"n\":1}"},
                    Case{"{\"secret\": {\"a\": \"deep]1\", \"b\": [2]}, \"n\": 1}", "{\"secret\": \"[removed]\", \"n\": 1}"},
                    Case{"  \"credentials\": {\n    \"user\": \"u\",\n    \"key\": \"k\"\n  },\n  \"n\": 1\n", "  \"credentials\": \"[removed]\"\n\n\n,\n  \"n\": 1\n"},
                    Case{"PASSWORD = (\n \"pyp1\")\nPORT = 1\n", "PASSWORD = \"[removed]\"\n\nPORT = 1\n"}, Case{"PASSWORDS=(one two)", "PASSWORDS=\"[removed]\""},
                    Case{"db:\n  credentials:\n    user: u\n    key: k\n  port: 1\n", "db:\n  credentials:\n    [removed]\n\n  port: 1\n"},
                    Case{"secrets:\n- one\n- two\nport: 1\n", "secrets:\n[removed]\n\nport: 1\n"},
                    Case{"[db.credentials]\nuser = \"u\"\nid = 7\n[db]\nport = 1\n", "[db.credentials]\nuser = \"[removed]\"\nid = [removed]\n[db]\nport = 1\n"},
                    Case{"- name: DB_PASSWORD\n  value: hunter2\n- name: PORT\n  value: 1\n", "- name: DB_PASSWORD\n  value: [removed]\n- name: PORT\n  value: 1\n"},
                    Case{"{\"name\":\"API_KEY\",\"value\":\"x\"}", "{\"name\":\"API_KEY\",\"value\":\"[removed]\"}"}));

INSTANTIATE_TEST_SUITE_P(InOtherForms, TakesOut,
                         testing::Values(Case{"<password>xmlpw1</password><port>1</port>", "<password>[removed]</password><port>1</port>"},
                                         Case{"<add key=\"Password\" value=\"x\"/>", "<add key=\"Password\" value=\"[removed]\"/>"},
                                         Case{"login: password is hunter2, again", "login: password is [removed], again"}, Case{"opened with password 'hunter2' by me", "opened with password '[removed]' by me"},
                                         Case{"the token was abc123", "the token was [removed]"}, Case{"DB_PASS=x", "DB_PASS=[removed]"}, Case{"BEARER=bear11", "BEARER=[removed]"},
                                         Case{"STRIPE=sk_live_51H8abcd", "STRIPE=[removed]"}, Case{"id: AKIA1234567890ABCDEF", "id: [removed]"}, Case{"saw ghp_1234567890abcdef in it", "saw [removed] in it"},
                                         Case{"HOOK=https://hooks.example.com/services/T012AB3CD/B012AB3CD/aB3dE5fG7hJ9kL1mN3pQ5rS7", "HOOK=https://hooks.example.[removed]"}));

INSTANTIATE_TEST_SUITE_P(InAddresses, TakesOut,
                         testing::Values(Case{"DATABASE_URL=postgres://me:hunter2@db:5432/app", "DATABASE_URL=postgres://me:[removed]@db:5432/app"},
                                         Case{"see https://me:p@ss@host/x and http://host:80/", "see https://me:[removed]@host/x and http://host:80/"}));

INSTANTIATE_TEST_SUITE_P(ByTheirLook, TakesOut,
                         testing::Values(Case{"id = 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "id = [removed]"},
                                         Case{"using kX9vQ2mT7bW4zR8nL1pJ6d for it", "using [removed] for it"},
                                         Case{"thing=kX9vQ2mT7bW4zR8nL1pJ6d==", "thing=[removed]"}));

INSTANTIATE_TEST_SUITE_P(
    Spares, TakesOut,
    testing::Values(Case{"max_tokens=4096", "max_tokens=4096"}, Case{"token_limit: 5", "token_limit: 5"}, Case{"password_file = \"~/key\"", "password_file = \"~/key\""},
                    Case{"password = \"${DB_PASSWORD}\"", "password = \"${DB_PASSWORD}\""}, Case{"password=", "password="}, Case{"use_password: true", "use_password: true"},
                    Case{"id 123e4567-e89b-12d3-a456-426614174000 at 2026-01-02T03:04:05.678Z", "id 123e4567-e89b-12d3-a456-426614174000 at 2026-01-02T03:04:05.678Z"},
                    Case{"internationalization_of_everything2", "internationalization_of_everything2"}, Case{"see /usr/lib/x86_64-linux-gnu/libsqlite3.so.0", "see /usr/lib/x86_64-linux-gnu/libsqlite3.so.0"},
                    Case{"node_modules/@scope/package-name-v12/dist/index", "node_modules/@scope/package-name-v12/dist/index"}, Case{"primary key (id)", "primary key (id)"},
                    Case{"keyboard: us", "keyboard: us"}, Case{"the password is required; the token is expired", "the password is required; the token is expired"},
                    Case{"author: me", "author: me"}, Case{"password reset requested", "password reset requested"}, Case{"[section]\na = [1, 2]", "[section]\na = [1, 2]"}, Case{"secrets:\nport: 1", "secrets:\nport: 1"},
                    Case{"- name: PORT\n  value: 1", "- name: PORT\n  value: 1"}, Case{"<note>the pass</note>", "<note>the pass</note>"}, Case{"", ""}, Case{"\n\n", "\n\n"}));

TEST(Redacting, TellsWhatWasRemovedAndNeverTheSecret) {
    const auto redacted = redact("port=1\nDB_PASSWORD=hunter2\nurl=http://a:hunter3@b/\n");
    ASSERT_EQ(redacted.removed.size(), 2u);
    EXPECT_EQ(redacted.removed[0].line, 2u);
    EXPECT_EQ(redacted.removed[0].key, "DB_PASSWORD");
    EXPECT_EQ(redacted.removed[1].line, 3u);
    EXPECT_EQ(name_of(redacted.removed[1].sign), "address");
    EXPECT_THAT(redacted.text, Not(HasSubstr("hunter")));
}

TEST(Redacting, ChangesNothingTheSecondTime) {
    const auto once = redact("DB_PASSWORD=hunter2\nurl=http://a:hunter3@b/\nx = kX9vQ2mT7bW4zR8nL1pJ6d\nt: |\n  a\ntoken: |\n  b\nsecrets:\n  c: d\npasswords: [a]\n<pin>1</pin>\npassword is x1\n");
    const auto twice = redact(once.text);
    EXPECT_EQ(twice.text, once.text);
    EXPECT_TRUE(twice.removed.empty());
}

TEST(Redacting, KeepsTheNumberOfLines) {
    const std::string text = "a\nsecret = \"\"\"\nx\ny\n\"\"\"\nz\n-----BEGIN PRIVATE KEY-----\nq\n";
    const auto redacted = redact(text);
    EXPECT_EQ(std::ranges::count(redacted.text, '\n'), std::ranges::count(text, '\n'));
    EXPECT_THAT(redacted.text, Not(HasSubstr("q")));
}

}  // namespace
}  // namespace holdfast::bundle
