#include "holdfast/host/http_request.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "holdfast/base/text.h"
#include "holdfast/host/curl_library.h"

namespace holdfast::host {
namespace {

Result<CurlLibrary> curl_library() {
    static const Result<CurlLibrary> library = load_curl(curl_library_names);
    if (!library) return library.error().copy();
    return *library;
}

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

bool has_scheme(std::string_view url, std::string_view scheme) {
    return url.size() > scheme.size() && std::ranges::equal(url.substr(0, scheme.size()), scheme, {}, lower);
}

bool holds_control(const std::string& text) {
    return std::ranges::any_of(text, [](char letter) { return static_cast<unsigned char>(letter) < ' ' || letter == '\x7f'; });
}

Result<void> expect_sense(const HttpRequest& request) {
    if (!has_scheme(request.url, "http://") && !has_scheme(request.url, "https://")) {
        return fail(ErrorCode::invalid, "make an HTTP request: its address does not begin with http:// or https://");
    }
    if (holds_control(request.url)) return fail(ErrorCode::invalid, "ask {}: the address holds a control character", place_of_url(request.url));
    for (const auto& [name, value] : request.headers) {
        const bool bad_name = name.empty() || name.find_first_of(": \t") != std::string::npos || holds_control(name);
        if (bad_name || holds_control(value)) {
            return fail(ErrorCode::invalid, "ask {}: the header '{}' cannot be sent", place_of_url(request.url), printable(name));
        }
    }
    return {};
}

// What arrives, until there is enough.
struct Arriving {
    HttpAnswer answer;
    std::size_t size_max = 0;
    std::stop_token stop;
};

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* to) noexcept {
    auto& arriving = *static_cast<Arriving*>(to);
    const std::size_t room = arriving.size_max - arriving.answer.body.size();
    const std::size_t taken = std::min(size * count, room);
    arriving.answer.body.append(bytes, taken);
    arriving.answer.body_is_cut = taken < size * count;
    return taken;  // less than what has come: the library ends the request
}

int look_for_stop(void* of, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
    return static_cast<const Arriving*>(of)->stop.stop_requested() ? 1 : 0;
}

ErrorCode reaction_to(CURLcode code) {
    switch (code) {
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL: return ErrorCode::invalid;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return ErrorCode::denied;
        case CURLE_ABORTED_BY_CALLBACK: return ErrorCode::cancelled;
        default: return ErrorCode::unavailable;
    }
}

class Exchange {
public:
    Exchange(const CurlLibrary& curl, const HttpRequest& request)
        : curl_(curl), request_(request), handle_(curl.easy_init(), curl.easy_cleanup), headers_(nullptr, curl.slist_free_all) {
        arriving_.size_max = request.answer_max;
        arriving_.stop = request.stop;
    }

    Result<HttpAnswer> run() {
        if (!handle_) return fail(ErrorCode::unavailable, "ask {}: libcurl has no memory", place_of_url(request_.url));
        TRY(add_headers());
        TRY(set_request());
        TRY(set_limits());
        const CURLcode code = curl_.easy_perform(handle_.get());
        const bool is_enough = code == CURLE_WRITE_ERROR && arriving_.answer.body_is_cut;
        if (code != CURLE_OK && !is_enough) return failure(code);
        long status = 0;
        curl_.easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
        arriving_.answer.status = static_cast<int>(status);
        return std::move(arriving_.answer);
    }

private:
    template <typename Value>
    Result<void> set(CURLoption option, Value value) {
        const CURLcode code = curl_.easy_setopt(handle_.get(), option, value);
        if (code != CURLE_OK) return failure(code);
        return {};
    }

    Result<void> add_header(const std::string& line) {
        curl_slist* longer = curl_.slist_append(headers_.get(), line.c_str());
        if (!longer) return fail(ErrorCode::unavailable, "ask {}: libcurl has no memory", place_of_url(request_.url));
        static_cast<void>(headers_.release());
        headers_.reset(longer);
        return {};
    }

    Result<void> add_headers() {
        TRY(add_header("Expect:"));  // no round trip first for a large body
        for (const auto& [name, value] : request_.headers) {
            TRY(add_header(value.empty() ? name + ";" : name + ": " + value));  // as libcurl wants an empty one
        }
        return {};
    }

    Result<void> set_request() {
        TRY(set(CURLOPT_URL, request_.url.c_str()));
        TRY(set(CURLOPT_PROTOCOLS_STR, "http,https"));
        TRY(set(CURLOPT_FOLLOWLOCATION, 0L));
        TRY(set(CURLOPT_USERAGENT, "holdfast/" HOLDFAST_VERSION));
        TRY(set(CURLOPT_HTTPHEADER, headers_.get()));
        if (request_.method == HttpMethod::get) return set(CURLOPT_HTTPGET, 1L);
        TRY(set(CURLOPT_POST, 1L));
        TRY(set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size())));
        return set(CURLOPT_POSTFIELDS, request_.body.data());
    }

    Result<void> set_limits() {
        TRY(set(CURLOPT_NOSIGNAL, 1L));  // signals are the process's, not a library's
        TRY(set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(request_.time_ms_max, 1))));
        TRY(set(CURLOPT_ERRORBUFFER, message_));
        TRY(set(CURLOPT_WRITEFUNCTION, &take_body));
        TRY(set(CURLOPT_WRITEDATA, static_cast<void*>(&arriving_)));
        TRY(set(CURLOPT_NOPROGRESS, 0L));
        TRY(set(CURLOPT_XFERINFOFUNCTION, &look_for_stop));
        return set(CURLOPT_XFERINFODATA, static_cast<void*>(&arriving_));
    }

    Error failure(CURLcode code) const {
        const std::string where = place_of_url(request_.url);
        if (code == CURLE_ABORTED_BY_CALLBACK) return fail(ErrorCode::cancelled, "ask {}: stopped on request", where);
        if (code == CURLE_OPERATION_TIMEDOUT) {
            return fail(ErrorCode::unavailable, "ask {}: no whole answer within {}", where, human_duration_ms(static_cast<double>(request_.time_ms_max)));
        }
        if (code == CURLE_SSL_CACERT_BADFILE) {
            return fail(ErrorCode::denied, "ask {}: this machine has no certificates to know it by", where).with_advice("apt install ca-certificates");
        }
        // An address that cannot be parsed is quoted by the library, which may show what it hides elsewhere.
        const bool may_quote = reaction_to(code) == ErrorCode::invalid;
        const std::string said = message_[0] != '\0' && !may_quote ? message_ : curl_.easy_strerror(code);
        return fail(reaction_to(code), "ask {}: {}", where, printable(said));
    }

    const CurlLibrary& curl_;
    const HttpRequest& request_;
    Arriving arriving_;
    char message_[CURL_ERROR_SIZE] = {};
    std::unique_ptr<CURL, decltype(CurlLibrary::easy_cleanup)> handle_;
    std::unique_ptr<curl_slist, decltype(CurlLibrary::slist_free_all)> headers_;
};

}  // namespace

std::string place_of_url(const std::string& url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string::npos) return "the address";
    const auto begin = scheme_end + 3;
    std::string host = url.substr(begin, url.find_first_of("/?#\\", begin) - begin);
    const auto user_end = host.rfind('@');
    if (user_end != std::string::npos) host.erase(0, user_end + 1);
    return printable(url.substr(0, begin) + host);
}

Result<HttpAnswer> http_request(const HttpRequest& request) {
    TRY(expect_sense(request));
    const auto curl = TRY(curl_library());
    return Exchange(curl, request).run();
}

Result<void> judge(const HttpAnswer& answer, const std::string& url) {
    const int status = answer.status;
    if (status >= 200 && status < 300) return {};
    auto failure = [&](ErrorCode code) { return fail(code, "{} answered with status {}", place_of_url(url), status); };
    if (status >= 300 && status < 400) return failure(ErrorCode::invalid).with_advice("redirects are not followed: give the final address");
    switch (status) {
        case 401:
        case 403:
        case 407: return failure(ErrorCode::denied);
        case 404:
        case 410: return failure(ErrorCode::not_found);
        case 408:
        case 425:
        case 429: return failure(ErrorCode::unavailable);
        case 507: return failure(ErrorCode::full);
        default: return failure(status >= 500 || status < 200 ? ErrorCode::unavailable : ErrorCode::invalid);
    }
}

}  // namespace holdfast::host
