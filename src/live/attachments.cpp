#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/live/run_script.h"

namespace holdfast::live {

Result<Attachments> Attachments::freeze(host::Host host, const std::string& main, const std::vector<Attachment>& wanted,
                                        const FreezeOptions& options) {
    Attachments attachments;
    std::set<std::pair<std::uint64_t, std::uint64_t>> files;
    const auto is_new = [&](const host::FileStatus& status) { return files.emplace(status.device, status.inode).second; };
    is_new(TRY(host.files.status(main)));
    for (const auto& one : wanted) {
        // Held for reading, it would keep our own transaction from committing.
        if (!is_new(TRY(host.files.status(one.path)))) {
            return fail(ErrorCode::invalid, "attach {} as {}: it is here already", printable(one.path), printable(one.name));
        }
        auto frozen = TRY(live::freeze(host, one.path, options));
        if (frozen->image().last_page().value == 0) {
            return fail(ErrorCode::invalid, "attach {}: it is empty", printable(one.path));
        }
        auto served = TRY(sqlite::serve_image(frozen->image()));
        attachments.all_.push_back({one.name, std::move(frozen), std::move(served)});
    }
    return attachments;
}

Result<void> Attachments::attach_to(sqlite::Connection& connection) const {
    for (const auto& one : all_) {
        auto attached = one.served->attach_to(connection, one.name);
        if (!attached) return std::move(attached).error().while_doing(format("attach it as {}", printable(one.name)));
    }
    return {};
}

Result<void> Attachments::finish() {
    for (auto& one : all_) {
        one.served.reset();
        TRY(one.frozen->finish());
    }
    all_.clear();
    return {};
}

Result<sqlite::Connection> connect_to_read(sqlite::ServedImage& served, const Attachments& beside) {
    auto connection = TRY(served.connect());
    TRY(connection.execute("PRAGMA trusted_schema = ON"));
    TRY(beside.attach_to(connection));
    return connection;
}

}  // namespace holdfast::live
