#include "holdfast/host/http_request.h"

#include <thread>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/host/curl_library.h"
#include "support/http_server.h"
#include "support/results.h"

namespace holdfast::host {
namespace {

using namespace tests;
using ::testing::HasSubstr;
using ::testing::Not;

class Http : public ::testing::Test {
protected:
    static HttpServer& server() {
        static HttpServer only;
        return only;
    }
    static HttpRequest get(const std::string& path) { return {.url = server().url(path)}; }
    static Json echoed(const HttpRequest& request) {
        const auto answer = must(http_request(request));
        EXPECT_EQ(answer.status, 200);
        return must(Json::parse(answer.body));
    }
    static std::string text_in(const Json& json, std::string_view key) {
        const Json* found = json.find(key);
        return found && found->as_text() ? *found->as_text() : "(none)";
    }
};

TEST_F(Http, APostSendsBodyAndHeaders) {
    auto request = get("/echo?a=b");
    request.method = HttpMethod::post;
    request.body = std::string("{\"a\":\0 1}", 9);
    request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
    const auto asked = echoed(request);
    EXPECT_EQ(text_in(asked, "method"), "POST");
    EXPECT_EQ(text_in(asked, "path"), "/echo?a=b");
    EXPECT_EQ(text_in(asked, "body"), request.body);
    const Json& headers = *asked.find("headers");
    EXPECT_EQ(text_in(headers, "Content-Type"), "application/json");
    EXPECT_EQ(text_in(headers, "X-Empty"), "");
    EXPECT_THAT(text_in(headers, "User-Agent"), HasSubstr("holdfast/"));
}

TEST_F(Http, ALargeBodyArrivesWhole) {
    auto request = get("/echo");
    request.method = HttpMethod::post;
    request.body = std::string(3'000'000, 'b');
    request.answer_max = 4'000'000;
    EXPECT_EQ(text_in(echoed(request), "body"), request.body);
}

TEST_F(Http, AGetHasNoBody) {
    const auto asked = echoed(get("/echo"));
    EXPECT_EQ(text_in(asked, "method"), "GET");
    EXPECT_EQ(text_in(asked, "body"), "");
}

TEST_F(Http, EveryStatusIsAnAnswerAndAReaction) {
    const std::vector<std::pair<int, ErrorCode>> reactions = {
        {401, ErrorCode::denied}, {403, ErrorCode::denied}, {404, ErrorCode::not_found}, {410, ErrorCode::not_found},
        {400, ErrorCode::invalid}, {429, ErrorCode::unavailable}, {500, ErrorCode::unavailable}, {503, ErrorCode::unavailable},
        {507, ErrorCode::full}};
    for (const auto& [status, reaction] : reactions) {
        const auto answer = must(http_request(get(format("/status/{}", status))));
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.body, "as asked");
        EXPECT_THAT(judge(answer, server().url("/hunter2")), FailsWith(reaction)) << status;
        EXPECT_THAT(judge(answer, server().url("/hunter2")).error().text(), Not(HasSubstr("hunter2")));
    }
    EXPECT_THAT(judge(must(http_request(get("/status/200"))), ""), Succeeds());
    EXPECT_THAT(judge(must(http_request(get("/status/204"))), ""), Succeeds());
}

TEST_F(Http, RedirectsAreNotFollowed) {
    const auto answer = must(http_request(get("/redirect")));
    EXPECT_EQ(answer.status, 302);
    EXPECT_EQ(answer.body, "");
    EXPECT_THAT(judge(answer, server().url("/")), FailsWith(ErrorCode::invalid));
}

TEST_F(Http, ALargeAnswerIsCut) {
    auto request = get("/size/50000000");
    request.answer_max = 1000;
    const auto answer = must(http_request(request));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, std::string(1000, 'x'));
    EXPECT_TRUE(answer.body_is_cut);
    request.url = server().url("/size/1000");
    EXPECT_FALSE(must(http_request(request)).body_is_cut);
    request.answer_max = 0;
    EXPECT_TRUE(must(http_request(request)).body_is_cut);
}

TEST_F(Http, ASlowAnswerIsGivenUp) {
    for (const char* path : {"/slow", "/drip"}) {
        auto request = get(path);
        request.time_ms_max = 300;
        const auto late = http_request(request);
        ASSERT_THAT(late, FailsWith(ErrorCode::unavailable)) << path;
        EXPECT_THAT(late.error().message(), HasSubstr("300 ms"));
    }
}

TEST_F(Http, AStopEndsIt) {
    std::stop_source source;
    auto request = get("/drip");
    request.time_ms_max = 600'000;
    request.answer_max = 1 << 30;
    request.stop = source.get_token();
    std::jthread stopping([&] { source.request_stop(); });
    EXPECT_THAT(http_request(request), FailsWith(ErrorCode::cancelled));
}

TEST_F(Http, NobodyThereIsUnavailable) {
    HttpServer gone;
    gone.stop();
    EXPECT_THAT(http_request({.url = gone.url("/")}), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(http_request({.url = "http://no-such-host.invalid/"}), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(http_request(get("/close")), FailsWith(ErrorCode::unavailable)) << "no answer at all";
    auto sealed = get("/");
    sealed.url.replace(0, 4, "https");
    EXPECT_THAT(http_request(sealed), FailsWith(ErrorCode::unavailable)) << "it speaks no TLS";
}

TEST_F(Http, OnlyTheWebAndNoHiddenLines) {
    for (const char* url : {"file:///etc/hosts", "ftp://127.0.0.1/", "127.0.0.1", "", "http://", "gopher://x", "http://a b/", "http://h:99999999/hunter2"}) {
        const auto refused = http_request({.url = url});
        EXPECT_THAT(refused, FailsWith(ErrorCode::invalid)) << url;
        EXPECT_THAT(refused.error().text(), Not(HasSubstr("hunter2")));
    }
    auto request = get("/echo");
    for (const auto& header : std::vector<std::pair<std::string, std::string>>{{"A", "b\r\nX-Other: c"}, {"A:b", "c"}, {"", "c"}, {"A\n", "c"}}) {
        request.headers = {header};
        EXPECT_THAT(http_request(request), FailsWith(ErrorCode::invalid));
    }
}

TEST_F(Http, SecretsOfAnAddressAreNotNamed) {
    EXPECT_EQ(place_of_url("https://user:hunter2@example.org:8443/hunter2?token=hunter2"), "https://example.org:8443");
    EXPECT_EQ(place_of_url("http://example.org?hunter2@x"), "http://example.org");
    EXPECT_EQ(place_of_url("hunter2"), "the address");
    const auto failed = http_request({.url = "http://user:hunter2@no-such-host.invalid/hunter2"});
    ASSERT_THAT(failed, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(failed.error().text(), Not(HasSubstr("hunter2")));
}

TEST_F(Http, ManyThreadsAskAtOnce) {
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&, thread] {
                for (int turn = 0; turn < 10; ++turn) {
                    const auto answer = http_request(get(format("/size/{}", thread * 100 + turn)));
                    if (answer && answer->body.size() == static_cast<std::size_t>(thread * 100 + turn)) ++right;
                }
            });
        }
    }
    EXPECT_EQ(right, 40);
}

TEST(Curl, AMissingLibraryNamesItsPackage) {
    const char* const names[] = {"libholdfast-has-no-such-library.so.4"};
    const auto missing = load_curl(names);
    ASSERT_THAT(missing, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(missing.error().advice(), HasSubstr("libcurl4"));
    const char* const another[] = {"libz.so.1", "libsqlite3.so.0", "libm.so.6"};
    EXPECT_THAT(load_curl(another), FailsWith(ErrorCode::unavailable)) << "a library without these functions";
}

}  // namespace
}  // namespace holdfast::host
