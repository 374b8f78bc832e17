// http_request(): one request to a web server, one answer. libcurl is loaded when the first request is made.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast::host {

enum class HttpMethod { get, post };

struct HttpRequest {
    HttpMethod method = HttpMethod::get;
    std::string url;             // http:// or https://
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;            // of a POST
    std::int64_t time_ms_max = 30'000;      // for all of it: names, connection, answer
    std::size_t answer_max = 64 * 1024;     // bytes of the answer's body that are kept
    std::stop_token stop;        // looked at every second or so
};
struct HttpAnswer {
    int status = 0;
    std::string body;
    bool body_is_cut = false;    // there was more
};

// Any answer of a server is a success here, also "404"; judge() tells what it means. Redirects are not followed: they
// would take what is sent to where nobody has sent it. $http_proxy and its kin are heeded, as by other programs.
// `invalid`: no such address or header; `unavailable`: no name, no connection, no answer in time, or no libcurl; `denied`:
// the server's certificate is not to be trusted; `cancelled`. Messages name scheme and host: the rest of an address is
// often a secret. From several threads at once.
Result<HttpAnswer> http_request(const HttpRequest& request);

// What an answer asks its receiver to do: nothing (2xx), or `denied` (401, 403, 407), `not_found` (404, 410), `full`
// (507), `unavailable` (408, 425, 429 and the other 5xx), `invalid` (all other). `url` is named as above.
Result<void> judge(const HttpAnswer& answer, const std::string& url);

std::string place_of_url(const std::string& url);  // "https://example.org:8443"

}  // namespace holdfast::host
