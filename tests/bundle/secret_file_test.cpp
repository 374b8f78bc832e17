#include "holdfast/bundle/secret_file.h"

#include <gtest/gtest.h>

namespace holdfast::bundle {
namespace {

TEST(SecretFile, IsOneByItsName) {
    for (const auto name : {"db_password", ".vault_pass", ".htpasswd", ".pgpass", "users.htpasswd", "password.txt", "chap-secrets", "ipsec.secrets", "passwords.csv", "API_TOKEN"}) EXPECT_TRUE(is_secret_file(name)) << name;
    for (const auto name : {".env", ".env.secrets", "secrets.yaml", "credentials.json", "auth.conf", "users.csv", "Makefile", "", "tokens.py"}) EXPECT_FALSE(is_secret_file(name)) << name;
}

TEST(SecretFile, KeepsNothingOfItsLines) {
    const auto redacted = redact_all_lines("tiger zebra\r\n\n  # of me\nx");
    EXPECT_EQ(redacted.text, "[removed]\r\n\n[removed]\n[removed]");
    ASSERT_EQ(redacted.removed.size(), 3u);
    EXPECT_EQ(redacted.removed[1].line, 3u);
    EXPECT_EQ(redact_all_lines(redacted.text).text, redacted.text);
    EXPECT_TRUE(redact_all_lines(redacted.text).removed.empty());
    EXPECT_EQ(redact_all_lines("").text, "");
}

}  // namespace
}  // namespace holdfast::bundle
