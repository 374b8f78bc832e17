#include "holdfast/bundle/literal_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::bundle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

// Nothing here is a secret of anybody: made up for these tests.
struct Refused {
    const char* value;
    const char* secret;  // what must not be told
    ValueKind kind = ValueKind::words;
};
class WrittenOut : public testing::TestWithParam<Refused> {};
TEST_P(WrittenOut, IsFoundAndNotTold) {
    const auto found = literal_secret_in(GetParam().value, GetParam().kind);
    ASSERT_TRUE(found) << GetParam().value;
    EXPECT_THAT(*found, Not(HasSubstr(GetParam().secret)));
    EXPECT_THAT(std::string(GetParam().value), HasSubstr(GetParam().secret));
}

INSTANTIATE_TEST_SUITE_P(
    OfAKnownShape, WrittenOut,
    testing::Values(Refused{"curl -H 'X: ghp_16C7e42F292c6912E7710c838347Ae178B4a' http://h", "16C7e42F"}, Refused{"./notify sk-proj-abcd1234EFGH5678ijkl", "abcd1234"},
                    Refused{"./notify sk-abcdefghijklmnopqrstuvwx", "abcdefghijkl"}, Refused{"aws-notify AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"},
                    Refused{"slack xoxb-123456789012-abcdefghij", "123456789012"}, Refused{"x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJzdWIi"},
                    Refused{"-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"}, Refused{"-----BEGIN PRIVATE KEY-----\nMIIEow", "MIIEow"},
                    Refused{"https://hooks.slack.com/services/T0001/B0002/abcdEFGHijkl", "abcdEFGH"}, Refused{"https://api.telegram.org/bot123456:abcDEF/sendMessage", "abcDEF"},
                    Refused{"deploy=glpat-abcdefghij0123456789", "abcdefghij"}, Refused{"notify github_pat_11ABCDEFG0abcdefghij", "11ABCDEFG0"},
                    Refused{"SELECT count(*) FROM t WHERE key <> 'ghp_16C7e42F292c6912E7710c838347Ae178B4a'", "16C7e42F", ValueKind::query}));

INSTANTIATE_TEST_SUITE_P(
    BehindTheNameOfASecret, WrittenOut,
    testing::Values(Refused{"PGPASSWORD=hunter2 pg_dump app", "hunter2"}, Refused{"DB_PASS='hunter two' ./stop.sh", "hunter"}, Refused{"export API_KEY=abc; ./stop.sh", "abc"},
                    Refused{"./stop.sh --password hunter2", "hunter2"}, Refused{"./stop.sh --password=hunter2", "hunter2"}, Refused{"./stop.sh --api-key \"hunter2\"", "hunter2"},
                    Refused{"./stop.sh -password hunter2 --now", "hunter2"}, Refused{"curl -H 'X-Api-Key: abc123' http://h", "abc123"},
                    Refused{"{\"user\": \"me\", \"password\": \"hunter2\"}", "hunter2"}, Refused{"{\\\"token\\\":\\\"hunter2\\\"}", "hunter2"}, Refused{"token: hunter2", "hunter2"},
                    Refused{"http://h/rebuild?token=hunter2", "hunter2"}, Refused{"http://h/rebuild?a=b&sig=hunter2", "hunter2"}, Refused{"file:app.db?key=hunter2", "hunter2"},
                    Refused{"password=hunter2", "hunter2"}, Refused{"openssl enc -d -pass pass:hunter2 -in x", "hunter2"}, Refused{"./stop.sh --password 'pa$sword'", "pa$sword"},
                    Refused{"./stop.sh \"${PASSWORD:-hunter2}\"", "hunter2"}, Refused{"./stop.sh --auth abcdef123456", "abcdef123456"}, Refused{"client_secret = hunter2", "hunter2"}));

INSTANTIATE_TEST_SUITE_P(
    InTheFormOfPrograms, WrittenOut,
    testing::Values(Refused{"curl -H \"Authorization: Bearer abc.def\" http://h", "abc.def"}, Refused{"curl -H 'authorization: Basic bWU6aHVudGVyMg==' http://h", "bWU6"},
                    Refused{"Bearer hunter2", "hunter2"}, Refused{"https://me:hunter2@host/x", "hunter2"}, Refused{"git push https://me:hunter2@host/x.git", "hunter2"},
                    Refused{"rsync x me:hunter2@host", "hunter2"}, Refused{"curl -u me:hunter2 http://h", "hunter2"}, Refused{"curl --user me:hunter2 http://h", "hunter2"},
                    Refused{"curl -u \"$USER:hunter2\" http://h", "hunter2"}, Refused{"mysql -uroot -phunter2 app", "hunter2"}, Refused{"sshpass -p hunter2 ssh host", "hunter2"},
                    Refused{"docker login -u me -p hunter2", "hunter2"}, Refused{"redis-cli -a hunter2 SAVE", "hunter2"}, Refused{"echo hunter2 | sudo -S systemctl stop app", "hunter2"},
                    Refused{"echo hunter2 | docker login -u me --password-stdin", "hunter2"}));

INSTANTIATE_TEST_SUITE_P(
    AsWhatACommandPrints, WrittenOut,
    testing::Values(Refused{"echo hunter2secret", "hunter2", ValueKind::secret_command}, Refused{"echo -n 'hunter2'", "hunter2", ValueKind::secret_command},
                    Refused{"printf hunter2", "hunter2", ValueKind::secret_command}, Refused{"printf '%s\\n' hunter2", "hunter2", ValueKind::secret_command},
                    Refused{"sh -c 'echo hunter2'", "hunter2", ValueKind::secret_command}, Refused{"echo aHVudGVyMg== | base64 -d", "aHVudGVyMg", ValueKind::secret_command},
                    Refused{"cat <<< hunter2", "hunter2", ValueKind::secret_command}, Refused{"python3 -c 'print(\"hunter2\")'", "hunter2", ValueKind::secret_command},
                    Refused{"true; echo hunter2", "hunter2", ValueKind::secret_command}));

struct Accepted {
    const char* value;
    ValueKind kind = ValueKind::words;
};
class NoSecret : public testing::TestWithParam<Accepted> {};
TEST_P(NoSecret, IsLeftAlone) { EXPECT_EQ(literal_secret_in(GetParam().value, GetParam().kind), std::nullopt) << GetParam().value; }

INSTANTIATE_TEST_SUITE_P(
    TakenFromElsewhere, NoSecret,
    testing::Values(Accepted{"curl -H \"Authorization: Bearer $TOKEN\" http://h"}, Accepted{"curl -H \"Authorization: Bearer ${TOKEN}\" http://h"}, Accepted{"./stop.sh --password \"$PASSWORD\""},
                    Accepted{"./stop.sh --password=$(cat /run/secrets/db)"}, Accepted{"PGPASSWORD=\"$(pass show db)\" pg_dump app"}, Accepted{"PGPASSWORD=`cat /run/secret` pg_dump"},
                    Accepted{"https://me:${PASSWORD}@host/x"}, Accepted{"http://h/rebuild?token=${TOKEN}"}, Accepted{"{\"password\": \"${PASSWORD}\"}"}, Accepted{"curl -u \"me:$PASSWORD\" http://h"},
                    Accepted{"curl -u \"$USER:$PASSWORD\" http://h"}, Accepted{"curl -d password=@/run/secret http://h"}, Accepted{"curl -d '{\"password\":\"'\"$PW\"'\"}' http://h"},
                    Accepted{"./stop.sh --password-file /run/secret"}, Accepted{"./stop.sh --token /run/secret"}, Accepted{"openssl enc -d -pass env:PASSWORD -in x"},
                    Accepted{"openssl enc -d -pass file:/run/secret -in x"}, Accepted{"mysql -uroot -p\"$PASSWORD\" app"}, Accepted{"sshpass -e ssh host"}, Accepted{"sshpass -p \"$PW\" ssh host"},
                    Accepted{"[ \"$TOKEN\" = \"\" ] && exit 1"}, Accepted{"[ \"$TOKEN\" = x ]"}, Accepted{"./stop.sh \"${TOKEN:-}\""}, Accepted{"./stop.sh \"${TOKEN:?is not set}\""},
                    Accepted{"docker login -u me --password-stdin < /run/secret"}, Accepted{"cat /run/secret | docker login --password-stdin"}));

INSTANTIATE_TEST_SUITE_P(
    FetchedByACommand, NoSecret,
    testing::Values(Accepted{"pass show holdfast", ValueKind::secret_command}, Accepted{"printf %s \"$NAME\"", ValueKind::secret_command}, Accepted{"printf '%s\\n' \"${NAME}\"", ValueKind::secret_command},
                    Accepted{"echo \"$NAME\"", ValueKind::secret_command}, Accepted{"cat /run/secrets/holdfast", ValueKind::secret_command},
                    Accepted{"op read op://Private/holdfast/password", ValueKind::secret_command}, Accepted{"secret-tool lookup service holdfast", ValueKind::secret_command},
                    Accepted{"vault kv get -field=password secret/holdfast", ValueKind::secret_command}, Accepted{"bw get password holdfast", ValueKind::secret_command},
                    Accepted{"aws secretsmanager get-secret-value --secret-id holdfast", ValueKind::secret_command},
                    Accepted{"gcloud secrets versions access latest --secret=holdfast-password", ValueKind::secret_command},
                    Accepted{"security find-generic-password -s holdfast -w", ValueKind::secret_command}, Accepted{"systemd-creds cat holdfast.password", ValueKind::secret_command},
                    Accepted{"kubectl get secret holdfast -o jsonpath={.data.password}", ValueKind::secret_command}, Accepted{"gpg -dq ~/.holdfast-password.gpg", ValueKind::secret_command},
                    Accepted{"cat /run/secret || echo 'there is none' >&2", ValueKind::secret_command}, Accepted{"python3 -c 'print(open(\"/run/secret\").read())'", ValueKind::secret_command}));

INSTANTIATE_TEST_SUITE_P(
    OnlyLikeOne, NoSecret,
    testing::Values(Accepted{"systemctl --user stop app"}, Accepted{"docker stop 3f4e5d6c7b8a9f0e1d2c3b4a5f6e7d8c9b0a1f2e3d4c5b6a7f8e9d0c1b2a3f4e"}, Accepted{"docker stop 123e4567-e89b-12d3-a456-426614174000"},
                    Accepted{"docker run -u 1000:1000 --user app:app alpine:3.19@sha256:c5b1261d6d3e43071626931fc004f70149baeba2c8ec672bd4f27761f8e1ad6b"},
                    Accepted{"git checkout 9fceb02d0ae598e95dc970b74767f19372d61af8"}, Accepted{"commit=9fceb02d0ae598e95dc970b74767f19372d61af8"}, Accepted{"team=blue"},
                    Accepted{"release=1.4.2"}, Accepted{"./run --max-tokens 4096"}, Accepted{"max_tokens=4096"}, Accepted{"./stop.sh --token-file ./token --port 80"},
                    Accepted{"ssh -L 8080:localhost:80 me@host ./stop.sh"}, Accepted{"git@github.com:me/app.git"}, Accepted{"http://127.0.0.1:8080/rebuild?full=1"},
                    Accepted{"http://127.0.0.1:9464/metrics"}, Accepted{"mkdir -p backups && mysqldump app"}, Accepted{"echo 'no password: run the setup first'"},
                    Accepted{"curl -s -X POST -H 'Content-Type: application/json' http://h/hook"}, Accepted{"{\"event\": \"backup\", \"key\": \"value\"}"}, Accepted{"sk-tools-for-databases --run"},
                    Accepted{"./stop.sh --auth basic"}, Accepted{"data/token/app.db"}, Accepted{"mailto:me@example.org"}, Accepted{"curl -o /dev/null 'http://h:8080/stop?at=12:30'"},
                    Accepted{"SELECT count(*) = 0 FROM users WHERE password = 'changeme'", ValueKind::query}, Accepted{"SELECT count(*) > 0 FROM tokens WHERE token = 'abc'", ValueKind::query},
                    Accepted{"status <> 'running' AND secret = ''", ValueKind::query}));

}  // namespace
}  // namespace holdfast::bundle
