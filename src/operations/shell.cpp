#include "holdfast/operations/shell.h"

#include "holdfast/base/text.h"
#include "holdfast/host/run_program.h"
#include "holdfast/operations/repository_of_images.h"
#include "holdfast/operations/unpacked_images.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::operations {

namespace {

Result<void> expect_may_unpack(OpenRepository* opened, const ShellRequest& request) {
    const bool is_sealed = opened != nullptr && opened->get().config().sealed;
    if (!is_sealed || request.unpack) return {};
    return fail(ErrorCode::denied, "open a shell: the repository is encrypted, and the backup would lie in the clear while it is open")
        .with_advice("holdfast query, which unpacks nothing; or --unpack, with --in FOLDER on a disk that may hold it");
}

// A file that nobody writes, and that SQLite makes no other one beside.
std::string uri_to_read(const std::string& path) { return sqlite::uri_on_default_vfs(path) + "&mode=ro&immutable=1"; }

std::vector<std::string> words_of(const ShellRequest& request, const UnpackedImages& unpacked, const std::string& of) {
    std::vector<std::string> words = {request.program, "-readonly", "-cmd", format(".prompt \"{}> \" \"{}> \"", of, std::string(of.size(), ' '))};
    for (const auto& database : unpacked.databases()) {
        if (unpacked.databases().size() == 1) break;
        words.insert(words.end(), {std::string("-cmd"), format("ATTACH '{}' AS {};", uri_to_read(database.path), sqlite::quoted_name(database.name))});
    }
    words.push_back(uri_to_read(unpacked.databases().front().path));
    words.insert(words.end(), request.words.begin(), request.words.end());
    return words;
}

Result<std::int64_t> run(const ShellRequest& request, const std::vector<std::string>& words) {
    host::ProgramOrder order;
    order.words = words;
    order.place = host::ProgramPlace::foreground;
    order.input = host::ProgramInput::inherited;
    const auto ended = host::run_program(order);
    if (ended) return ended->exit_code();
    auto error = ended.error().copy();
    if (error.code() != ErrorCode::not_found) return error;
    return std::move(error).with_advice(format("install {}, or name it with --sqlite PROGRAM; holdfast query needs none", printable(request.program)));
}

}  // namespace

Result<ShellReport> shell(Context& context, const ShellRequest& request) {
    const ImagesRequest meant{.word = request.snapshot, .at = request.at, .source = request.source, .only = request.only, .outside = request.outside};
    const auto opened = TRY(repository_of_images(context, request.repository, meant));
    TRY(expect_may_unpack(opened.get(), request));
    auto images = TRY(open_images(context, opened.get(), meant));
    ShellReport report{.number = images->number(), .of = images->in_words(), .time = images->time(), .databases = {}, .warnings = images->warnings()};
    const auto unpacked = TRY(UnpackedImages::unpack(context, *images, request.place));
    TRY(images->finish());
    images.reset();  // nobody waits for a person at a shell
    for (const auto& database : unpacked.databases()) report.databases.push_back(database.name);
    report.bytes = unpacked.bytes();
    request.announce(report);
    report.exit_code = TRY(run(request, words_of(request, unpacked, report.of)));
    return report;
}

}  // namespace holdfast::operations
