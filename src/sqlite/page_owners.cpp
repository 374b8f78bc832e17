#include "holdfast/sqlite/page_owners.h"

#include <algorithm>
#include <set>

#include "holdfast/base/wire.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::sqlite {
namespace {

constexpr std::uint8_t interior_index = 2, interior_table = 5;

// Walks one b-tree from its root, claiming the pages it reaches. `seen` bounds the walk: every page once, whatever the
// pointers say.
class Walk {
public:
    Walk(const Image& image, std::set<std::uint32_t>& seen) : image_(image), seen_(seen), page_(image.page_size().bytes()) {}

    std::vector<std::uint32_t> reach(std::uint32_t root) {
        std::vector<std::uint32_t> reached, waiting = {root};
        while (!waiting.empty()) {
            const std::uint32_t number = waiting.back();
            waiting.pop_back();
            if (number == 0 || number > image_.last_page().value || !seen_.insert(number).second) continue;
            reached.push_back(number);
            if (!image_.read({.first = PageNumber{number}, .count = 1}, page_)) continue;  // damaged: what hangs below stays unknown
            add_children(number, waiting);
        }
        return reached;
    }

private:
    void add_children(std::uint32_t number, std::vector<std::uint32_t>& waiting) const {
        const std::size_t start = number == 1 ? 100 : 0;
        const ByteView page(page_);
        const auto kind = std::to_integer<std::uint8_t>(page[start]);
        if (kind != interior_index && kind != interior_table) return;
        const std::size_t cells = load<BigEndian<std::uint16_t>>(page.subspan(start + 3));
        waiting.push_back(load<BigEndian<std::uint32_t>>(page.subspan(start + 8)));
        for (std::size_t i = 0; i < cells && start + 12 + 2 * i + 2 <= page.size(); ++i) {
            const std::size_t cell = load<BigEndian<std::uint16_t>>(page.subspan(start + 12 + 2 * i));
            if (cell + 4 <= page.size()) waiting.push_back(load<BigEndian<std::uint32_t>>(page.subspan(cell)));
        }
    }

    const Image& image_;
    std::set<std::uint32_t>& seen_;
    std::vector<std::byte> page_;
};

struct Root {
    std::string name;
    std::uint32_t page;
};

// As far as the schema can be read.
Result<std::vector<Root>> roots_of(const Image& image) {
    std::vector<Root> roots = {{"sqlite_schema", 1}};
    const auto served = TRY(serve_image(image));
    auto connection = served->connect();
    if (!connection) return roots;
    auto statement = connection->prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0 ORDER BY rootpage");
    if (!statement) return roots;
    for (;;) {
        auto row = statement->step();
        if (!row || !*row) return roots;
        roots.push_back({statement->column_text(0), static_cast<std::uint32_t>(std::clamp<std::int64_t>(statement->column_integer(1), 0, UINT32_MAX))});
    }
}

}  // namespace

Result<std::vector<OwnedPages>> owners_of(const Image& image, const std::vector<PageNumber>& wanted) {
    std::vector<OwnedPages> owners;
    std::set<std::uint32_t> left;
    for (const auto page : wanted) left.insert(page.value);
    if (image.last_page().value == 0 || left.empty()) return owners;
    std::set<std::uint32_t> seen;
    for (const auto& root : TRY(roots_of(image))) {
        OwnedPages owned{.owner = root.name, .pages = {}};
        for (const auto page : Walk(image, seen).reach(root.page))
            if (left.erase(page) == 1) owned.pages.push_back(PageNumber{page});
        std::sort(owned.pages.begin(), owned.pages.end());
        if (!owned.pages.empty()) owners.push_back(std::move(owned));
        if (left.empty()) return owners;
    }
    OwnedPages unowned;
    for (const auto page : left) unowned.pages.push_back(PageNumber{page});
    owners.push_back(std::move(unowned));
    return owners;
}

}  // namespace holdfast::sqlite
