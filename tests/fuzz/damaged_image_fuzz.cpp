// A database of which pages cannot be read, served with reading ahead: every answer is the one of the whole database, or an
// ordinary error. Input: how many pages are lost, their numbers, and any bytes as the database.
#include <sqlite3.h>

#include <algorithm>
#include <span>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/read_ahead_image.h"
#include "holdfast/sqlite/serve_image.h"

namespace {

using namespace holdfast;
using namespace holdfast::sqlite;

class LossyImage final : public Image {
public:
    LossyImage(const Image& image, std::vector<std::uint32_t> lost) : image_(image), lost_(std::move(lost)) {}
    PageSize page_size() const override { return image_.page_size(); }
    PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        for (const std::uint32_t page : lost_) {
            if (page >= range.first.value && page - range.first.value < range.count) return fail(page % 2 ? ErrorCode::corrupt : ErrorCode::unavailable, "page {} is lost", page);
        }
        return image_.read(range, into);
    }

private:
    const Image& image_;
    std::vector<std::uint32_t> lost_;
};

// A hostile schema may ask for endless work. False: it was ended, or failed.
bool ask(Connection& connection, const std::string& sql, std::string& answer) {
    int looks = 0;
    sqlite3_progress_handler(connection.handle(), 1000, [](void* count) { return ++*static_cast<int*>(count) > 50 ? 1 : 0; }, &looks);
    auto text = connection.text(sql);
    if (text) answer = *std::move(text);
    return text.ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteView input = std::as_bytes(std::span(data, size));
    std::vector<std::uint32_t> lost;
    const std::size_t count = input.empty() ? 0 : std::to_integer<std::size_t>(input[0]) % 8;
    for (std::size_t i = 0; i < count && i + 1 < input.size(); ++i) lost.push_back(std::to_integer<std::uint32_t>(input[i + 1]));
    input = input.subspan(std::min(input.size(), count + 1));
    const auto header = parse_database_header(input);
    const PageSize page_size = header ? header->page_size : PageSize::from_bytes(512).value();
    const auto image = memory_image(page_size, copy_of(input.first(input.size() / page_size.bytes() * page_size.bytes())));
    const LossyImage lossy(*image, lost);
    static host::WorkerPool pool({.threads = 2});
    const auto ahead = read_ahead_image(lossy, {.bytes_max = 1024 * 1024, .pool = &pool});
    const auto whole = serve_image(*image), damaged = serve_image(*ahead);
    HOLDFAST_ASSERT(whole.ok() && damaged.ok());
    auto judge = (*whole)->connect(), asked = (*damaged)->connect();
    if (!judge || !asked) return 0;
    std::string names;
    if (!ask(*judge, "SELECT group_concat(quote(name), char(10)) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' LIMIT 8)", names)) return 0;
    for (const auto& quoted : split(names, '\n')) {
        std::string name;
        if (quoted.empty() || !ask(*judge, "SELECT " + quoted, name)) continue;
        const std::string sql = "SELECT count(*) || ':' || coalesce(group_concat(quote(t.rowid)), '') FROM " + quoted_name(name) + " AS t";
        std::string expected, answer;
        const bool is_known = ask(*judge, sql, expected);
        if (ask(*asked, sql, answer) && is_known) HOLDFAST_ASSERT(answer == expected);
    }
    (void)check_integrity(*asked, CheckDepth::quick);
    if (lost.empty()) HOLDFAST_ASSERT((*damaged)->last_failure().empty());
    return 0;
}
