#include "holdfast/bundle/redact_strictly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/base/text.h"
#include "holdfast/bundle/secret_signs.h"

namespace holdfast::bundle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string with_returns(std::string_view text) {
    std::string with;
    for (const char c : text) with += c == '\n' ? "\r\n" : std::string(1, c);
    return with;
}

// Nothing here is a secret of anybody: made up for these tests. "tiger" and "zebra" are what has to go, as words of a language
// of which only the place tells.
class TakesOutStrictly : public testing::TestWithParam<const char*> {};
TEST_P(TakesOutStrictly, WhatIsSecretWhereverItStands) {
    for (const bool has_returns : {false, true}) {
        const std::string text = has_returns ? with_returns(GetParam()) : std::string(GetParam());
        const auto redacted = redact_strictly(text);
        EXPECT_THAT(redacted.text, Not(HasSubstr("tiger"))) << redacted.text;
        EXPECT_THAT(redacted.text, Not(HasSubstr("zebra"))) << redacted.text;
        EXPECT_THAT(redacted.text, HasSubstr("open")) << "and not all the rest: " << redacted.text;
        EXPECT_FALSE(redacted.removed.empty());
        EXPECT_EQ(std::ranges::count(redacted.text, '\n'), std::ranges::count(text, '\n'));
        EXPECT_EQ(redact_strictly(redacted.text).text, redacted.text) << "nothing the second time";
    }
}

INSTANTIATE_TEST_SUITE_P(BelowItsName, TakesOutStrictly,
                         testing::Values("{\n  \"password\":\n    \"tiger\",\n  \"a\": \"open\"\n}\n", "{\n\"password\"\n:\n\"tiger\"\n,\n\"a\": \"open\"}", "password:\n  tiger\na: open\n", "? password\n: tiger\na: open\n",
                                         "password: |\n  tiger\n  zebra\na: open\n", "password: >-\n\n  tiger\n\n  zebra\na: open\n", "a:\n  secrets:\n  - tiger\n  - zebra\n  b: open\n",
                                         "credentials:\n  user: zebra\n  deep:\n    x: tiger\na: open\n", "machine h\nlogin open\npassword\ntiger\n", "<password>\n  tiger\n</password>\n<a>open</a>\n",
                                         "PASSWORD=\\\ntiger\na=open\n", "password =\n  tiger\na = open\n"));
INSTANTIATE_TEST_SUITE_P(BehindASpace, TakesOutStrictly,
                         testing::Values("machine open login me password tiger", "port 1\nrequirepass tiger\nsave open\n", "db.pass tiger\na open\n", "ENV DB_PASSWORD tiger\nENV A open\n", "open --password tiger", "open --token\ttiger",
                                         "//registry.npmjs.org/:_authToken=tiger\na=open\n", "Authorization: Bearer tiger\na: open", "masterauth tiger\nopen yes\n", "IDENTIFIED BY PASSWORD 'tiger';\nopen\n"));
INSTANTIATE_TEST_SUITE_P(InPrograms, TakesOutStrictly,
                         testing::Values("define('DB_PASSWORD', 'tiger');\ndefine('A', 'open');\n", "os.environ[\"DB_PASSWORD\"] = \"tiger\"\na = \"open\"\n", "setenv(\"DB_PASSWORD\", \"tiger\")\nopen()\n",
                                         "'password' => 'tiger',\n'a' => 'open',\n", ":password => \"tiger\"\n:a => open\n", "let password = `tiger ${1}\nzebra`;\nlet a = 'open';\n", "DB_PW=tiger\nA=open\n", "DBPW=tiger\nA=open\n",
                                         "PGPASSWORD=tiger open\nA=open\n", "password := \"tiger\" + \"zebra\"\na := \"open\"\n", "PASSWORD ?= tiger\nA ?= open\n", "<add key=\"DB_PASSWORD\" value=\"tiger\"/>\n<a>open</a>",
                                         "Server=h;Password=tiger;User=zebra\nA=open\n", "{\"password\": \"tiger\", \"a\": \"open\"}", "{\"auth\": {\"x\": \"tiger\"},\n\"a\": \"open\"}", "{'pin': 12, \"token\": \"tiger\\\"zebra\", \"a\": \"open\"}"));
INSTANTIATE_TEST_SUITE_P(InAllOfAValue, TakesOutStrictly,
                         testing::Values("PASSWORD='a'\"tiger\"\nA=open\n", "PASSWORD=a\\\ntiger\\\nzebra\nA=open\n", "PASSWORD=$(echo \\\ntiger)\nA=open\n", "PASSWORD=$(cat <<EOF\ntiger\nEOF\n)\nA=open\n",
                                         "password: a <<'EOF'\ntiger zebra\nEOF\na: open\n", "password = '''\ntiger\n''' zebra\na = open\n", "PASSWORD='one\ntiger' zebra\nA=open\n", "PASSWORD=a # tiger\nA=open\n", "PASSWORD=a,tiger;zebra\nA=open\n",
                                         "PASSWORDS=(a\ntiger)\nA=open\n", "PASSWORD=\"a\" 'tiger'\nA=open\n", "password: a\n  tiger\n\na: open\npasswords: [\n tiger\n]\n"));
INSTANTIATE_TEST_SUITE_P(InRemarks, TakesOutStrictly,
                         testing::Values("# PASSWORD=tiger\nA=open\n", "# the password is tiger\nA=open\n", "# tiger is the password\nA=open\n", "// token: tiger\nopen()\n", "A=open # password tiger\n", "; secret = tiger\na = open\n",
                                         "-- PASSWORD 'tiger'\nopen\n", "# password:\n# tiger\nA=open\n", "/* passphrase tiger */\nopen\n"));
INSTANTIATE_TEST_SUITE_P(InAddressesAndCommands, TakesOutStrictly,
                         testing::Values("A=https://tiger@open.example/x\n", "A=postgres://zebra:tiger@open/x\n", "A=https://open.example/x?sig=tiger&b=zebra\n", "A=https://h/https://zebra:tiger@h\nA=open", "open; curl -u zebra:tiger https://h\n",
                                         "open && mysql -ptiger db\n", "open:5432:db:me:tiger\n*:*:*:*:tiger\n", "[credentials]\nname = tiger\n[b]\na = open\n"));

INSTANTIATE_TEST_SUITE_P(
    InHeredocs, TakesOutStrictly,
    testing::Values("$password = <<<EOT\ntiger\nEOT;\n$open = 1;\n", "$password = <<<'EOT'\ntiger\nEOT;\n$open = 1;\n", "$password = <<<\"EOT\"\ntiger\nEOT . 'zebra';\n$open = 1;\n", "f(['password' => <<<EOT\ntiger\n  zebra\nEOT,\n'open']);\n",
                    "$password = @\"\na \"b\ntiger\n\"@\n$open = 1\n", "$password = @'\nit's\ntiger\n'@\n$open = 1\n", "PASSWORD=$(cat <<EOF\na\nEOF\necho tiger)\nA=open\n", "read PASSWORD <<< tiger\nA=open\n", "password: <<-EOF\n EOF is tiger\n zebra\n EOF\na: open\n"));
INSTANTIATE_TEST_SUITE_P(
    InContinuedLines, TakesOutStrictly,
    testing::Values("open \\\n  --password \\\n  tiger\n", "open \\\n--password \\\ntiger\n", "open ^\n  --password ^\n  tiger\n", "open ^\n--password ^\ntiger\nopen\n",
                    "open\ncurl \\\n  --user \\\n  zebra:tiger\n", "open\ncurl ^\n  --user ^\n  zebra:tiger\n", "open\ncurl `\n  --user `\n  zebra:tiger\n"));
INSTANTIATE_TEST_SUITE_P(InListsWithRemarks, TakesOutStrictly,
                         testing::Values("passwords:\n- one\n# x\n- tiger\na: open\n", "passwords:\n# x\n\n- tiger\na: open\n", "passwords:\n\n- one\n\n# x\n\n- tiger\n- zebra\na: open\n", "passwords:\n  - one\n# x\n  - tiger\na: open\n",
                                         "- passwords:\n  # x\n  - one\n\n  - tiger\n  a: open\n", "password:\n# tiger\na: open\n"));
INSTANTIATE_TEST_SUITE_P(WithEscapes, TakesOutStrictly,
                         testing::Values("db.p\\u0061ssword=tiger\na=open\n", "{\"p\\u0061ssword\": \"tiger\", \"a\": \"open\"}\n", "{\"\\u0070assword\": \"ti\\\"zebra\",\n\"pass\\u0077ord\": [\"tiger\"],\n\"a\": \"open\"}\n", "\"p\\x61ssword\": tiger\na: open\n",
                                         "{\"contrase\\u00f1a\": \"tiger\", \"a\": \"open\"}\n", "a: \"open\\npin=tiger\"\nb: open\n", "{\"a\": \"x=1\\u0026pin=tiger\", \"b\": \"open\"}\n"));
INSTANTIATE_TEST_SUITE_P(
    ToldBesideThem, TakesOutStrictly,
    testing::Values("env:\n- value: tiger\n  name: DB_PASSWORD\n- name: A\n  value: open\n", "[{\"value\": \"open\", \"name\": \"A\"}, {\"value\": \"tiger\", \"name\": \"DB_PASSWORD\"}]", "[{\n\"name\": \"DB_PASSWORD\",\n\"type\": \"x\",\n\"of\": {\"a\": 1},\n\"value\": \"tiger\"\n}, {\"a\": \"open\"}]",
                    "- name: DB_PASSWORD\n  # x\n  of:\n  - a\n  value: tiger\n- name: A\n  value: open\n", "<p>\n  <value>tiger</value>\n  <x>open</x>\n  <name>a.password</name>\n</p>\n", "<p><value>tiger</value><name>a.password</name></p>\n<a>open</a>\n", "<a>open</a>\n<add value=\"tiger\"\n key=\"Password\"/>\n<a>open</a>\n"));
INSTANTIATE_TEST_SUITE_P(
    InSecretsOfKubernetes, TakesOutStrictly,
    testing::Values("kind: Secret\ndata:\n  foo: tiger\nmetadata:\n  name: open\n", "data:\n  foo: tiger\n\"kind\": \"Secret\"\na: open\n", "kind: Secret\ndata: {foo: tiger}\na: open\n", "{\"a\": \"open\", \"data\": {\"foo\": \"tiger\"}, \"kind\": \"Secret\"}",
                    "{\n  \"data\": {\n    \"foo\": \"tiger\"\n  },\n  \"kind\": \"Secret\",\n  \"a\": \"open\"\n}\n", "kind: List\nitems:\n- stringData:\n    foo: tiger\n  kind: Secret\n- kind: Deployment\n  data:\n    a: open\n", "kind: Secret\nstringData:\n  foo: tiger\n---\nkind: ConfigMap\ndata:\n  a: open\n"));
INSTANTIATE_TEST_SUITE_P(
    ByOtherNames, TakesOutStrictly,
    testing::Values("psk=tiger\na=open\n", "wpa-psk tiger\na open\n", "KEY=tiger\nkey=open\n", "clave=tiger\na=open\n", "CONTRASEÑA=tiger\nA=open\n", "пароль=tiger\nA=open\n", "ALTER USER open IDENTIFIED BY 'tiger';\n", "ALTER USER open IDENTIFIED WITH x BY\n'tiger';\nopen\n",
                    "user open on >tiger ~* +@all\n", "ACL SETUSER open on #zebra >tiger\n", "$a = new PDO($open, 'zebra', 'tiger');\n$a = 'open';\n", "$a = new mysqli('h',\n  'zebra', 'tiger');\n$a = 'open';\n", "machine h\nlogin open\naccount tiger\n", "file_password=tiger\na=open\n",
                    "<credentials>\n<a>zebra</a>\n<b>tiger</b>\n</credentials>\n<a>open</a>\n", "<credentials><a>zebra</a>\n<b>tiger</b></credentials>\n<a>open</a>\n", "<key>password</key>\n<data>\ntiger\n</data>\n<a>open</a>\n"));
INSTANTIATE_TEST_SUITE_P(FedToPrograms, TakesOutStrictly,
                         testing::Values("echo tiger | sudo -S open\nopen\n", "sudo -S open <<< tiger\n", "printf 'tiger' | docker login --password-stdin\nopen\n", "echo tiger |\n sudo -S open\n", "open; ldapsearch -x -w tiger\n",
                                         "open; mosquitto_pub -P tiger\n", "open; ssh-keygen -N tiger\n"));

INSTANTIATE_TEST_SUITE_P(ByTheirLook, TakesOutStrictly,
                         testing::Values("A=tiger77 open", "# open: t1ger-tiger2026x", "x tiger!tiger open", "tIgErtigerZeBrA open tiger123", "open: [tiger99, zebra42]"));

class LeavesStrictly : public testing::TestWithParam<const char*> {};
TEST_P(LeavesStrictly, WhatIsPlain) {
    const auto redacted = redact_strictly(GetParam());
    EXPECT_EQ(redacted.text, GetParam());
    EXPECT_TRUE(redacted.removed.empty());
}
INSTANTIATE_TEST_SUITE_P(ThatLooksLikeMore, LeavesStrictly,
                         testing::Values("\"scripts\": {\"test\": \"jest --passWithNoTests\", \"b\": \"node b.js\"},\n\"last\": 1\n", "\"test\": \"jest --passWithNoTests\"\n\"b\": 1\n", "MONKEY=banana\nCOMPASS_MODE=on\nSECRETARY=Anna\nAUTH_PROVIDER=ldap\nCOLOR=#ff8800\n", "{\"passRate\": 0.5}\n",
                                         "auth:\n  provider: ldap\n  realm: x\nsession:\n  timeout: 30\n", "kind: Deployment\nspec:\n  data:\n    a: b\n", "fields: x\n[{\"a\": 1}, \"password\"]\nport: 1\n", "- name: PORT\n  value: a\n- name: A\n  default: b\n"));
INSTANTIATE_TEST_SUITE_P(Settings, LeavesStrictly,
                         testing::Values("PORT=3000\nDEBUG=true\nLOG_LEVEL=info\nHOST=localhost\nBASE_URL=https://example.org/app\n", "model: all-MiniLM-L6-v2\ndimension: 384\ncache_dir: ~/.cache/oak\n", "{\"a\": [1, 2.5, \"x\"], \"b\": null}\n",
                                         "DATABASE_URL=file:./data/agent.db\nNODE_ENV=production\nTIMEOUT=30000ms\n", "max_tokens=4096\nTOKEN_TTL=3600\nPASSWORD_FILE=/run/a\n", "# how much is kept\nkeep = 7d # days\n",
                                         "[server]\nbind = \"127.0.0.1:8080\"\nhash = \"sha256\"\n", "at: 2026-11-21T10:00:00Z\nversion: 1.2.3-rc1\n", "password=\nuse_password: true\nsecret: ${SECRET}\n",
                                         "include = [\"**/*.md\", \"*.json\"]\nprimary_key = id\nkeyboard = us\n", "", "\n\n", "SELECT x FROM t WHERE a = 1;\n", "{\"save\": \"ctrl+s\", \"model\": \"claude-3-5-sonnet-20241022\"}\n"));

TEST(RedactingStrictly, KeepsWhatIsBesideInAStructure) {
    EXPECT_EQ(redact_strictly("{\"password\": \"a b\", \"port\": 1, \"pin\": 12}").text, "{\"password\": \"[removed]\", \"port\": 1, \"pin\": [removed]}");
    EXPECT_EQ(redact_strictly("  \"auth\": {\n    \"x\": \"a b\"\n  },\n  \"port\": 1\n").text, "  \"auth\": \"[removed]\",\n\n\n  \"port\": 1\n");
    EXPECT_EQ(redact_strictly("A=1\nAPI_KEY=\"x y\"\r\nB=2\n").text, "A=1\nAPI_KEY=\"[removed]\"\r\nB=2\n");
    EXPECT_EQ(redact_strictly("{\"secrets\": {\"a\": [\"}\"]}, \"port\": 1}").text, "{\"secrets\": \"[removed]\", \"port\": 1}");
    EXPECT_EQ(redact_strictly("{\"run\": \"a --token b\", \"port\": 1}").text, "{\"run\": \"a --token [removed]\", \"port\": 1}");
    EXPECT_EQ(redact_strictly("auth:\n  realm: x\n  password: y\nport: 1\n").text, "auth:\n  realm: x\n  password: [removed]\nport: 1\n");
    EXPECT_EQ(redact_strictly("- password: x\n  port: 1\n").text, "- password: [removed]\n  port: 1\n");
    EXPECT_EQ(redact_strictly("<password>x</password><port>1</port>\n").text, "<password>[removed]</password><port>1</port>\n");
    EXPECT_EQ(redact_strictly("  \"token\":\n    \"x\",\n  \"port\": 1\n").text, "  \"token\":\n    \"[removed]\",\n  \"port\": 1\n");
}

TEST(RedactingStrictly, TellsWhatWasRemovedAndNeverTheSecret) {
    const auto redacted = redact_strictly("port=1\nDBPW=tiger\nurl=http://zebra@b/\n# word tiger77\n");
    ASSERT_EQ(redacted.removed.size(), 3u);
    EXPECT_EQ(redacted.removed[0].line, 2u);
    EXPECT_EQ(redacted.removed[0].key, "DBPW");
    EXPECT_EQ(redacted.removed[1].line, 3u);
    EXPECT_EQ(redacted.removed[2].line, 4u);
    for (const auto& one : redacted.removed) EXPECT_THAT(one.key, Not(HasSubstr("tiger")));
}

// As many steps for each byte of a large file as of a small one: this comes to an end.
TEST(RedactingStrictly, TakesItsTimeInProportionToTheSize) {
    for (const std::string_view unit : {"pw='x\n", "pw=([{\nx\n", "a://b:x\n@c?d=x\n ", "\"password\": \"x\", ", "?x=", "a://", "pw:\n  x\n", "curl -u x\n", "{", "<a>\n", "<pw>\n", "- ", "#pw:\n", "pw: x\n# a\n",
                                        "\"pw\": {", "{name: pw, value: ", "echo <<x ", "'", "\"pw pw=true ", "\\u0061", "pw \n", "- - pw:\n"}) {
        std::string text;
        while (text.size() < 1'000'000) text += unit;
        EXPECT_LE(redact_strictly(text).text.size(), text.size() * 3) << unit;
    }
}

}  // namespace
}  // namespace holdfast::bundle
