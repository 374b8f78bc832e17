#include "holdfast/operations/dump.h"

#include <algorithm>
#include <memory>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/dump/sql_dump.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/dump_output.h"
#include "holdfast/operations/named_images.h"
#include "holdfast/operations/prove_dump.h"
#include "holdfast/operations/repository_of_images.h"
#include "holdfast/sqlite/read_ahead_image.h"

namespace holdfast::operations {
namespace {

constexpr int attempts_max = 8;  // as for every freeze
constexpr std::size_t unpacked_bytes_max = 8 * 1024 * 1024;

// It becomes a file's name, and a line of the dump.
Result<std::string> machine_of(const DumpRequest& request) {
    constexpr std::size_t length_max = 64, digits = 12;
    if (request.machine.empty()) return "machine_" + sha256(bytes_of("machine of a history:" + host::this_machine())).hex().substr(0, digits);
    const auto is_fit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
    if (request.machine.size() <= length_max && std::ranges::all_of(request.machine, is_fit) && request.machine.front() != '-') return request.machine;
    return fail(ErrorCode::invalid, "read --machine {}: it has to be at most {} letters, digits, - and _, and not begin with -", printable(request.machine), length_max);
}

Result<std::string> file_to_write(Context& context, const DumpRequest& request, const std::string& machine) {
    if (request.to.empty() || request.to == "-") return std::string("-");
    const auto there = TRY(host::status_if_any(context.host.files, request.to));
    const bool is_folder = request.to.ends_with('/') || (there && there->kind == host::FileKind::folder);
    return is_folder ? host::join_path(request.to, machine + ".sql") : request.to;
}

// SQL does not say which database it is for.
Result<void> expect_one(const NamedImages& images) {
    const auto& databases = images.databases();
    if (databases.size() == 1) return {};
    std::string named;
    for (const auto& one : databases) named += (named.empty() ? "" : ", ") + printable(one.path);
    return fail(ErrorCode::invalid, "write a dump: {} has {} databases, {}, and a dump is of one", images.in_words(), databases.size(), named)
        .with_advice(format("--only {}, and so for each", shell_word(databases.front().path)));
}

class Dumping {
public:
    Dumping(Context& context, OpenRepository* opened, const DumpRequest& request) : context_(context), opened_(opened), request_(request) {}

    Result<DumpReport> run() {
        const auto images = TRY(open_images(context_, opened_, {.word = request_.snapshot, .at = request_.at, .source = request_.source, .only = request_.only, .outside = request_.outside}));
        TRY(expect_one(*images));
        const NamedImage& database = images->databases().front();
        DumpReport report{.of = images->in_words(), .machine = TRY(machine_of(request_)), .number = images->number(), .time = images->time(), .dry_run = request_.dry_run, .warnings = images->warnings()};
        report.file = TRY(file_to_write(context_, request_, report.machine));
        const auto output = TRY(DumpOutput::open(context_, {.path = report.file, .mode = mode_of(database), .is_dry = request_.dry_run}));
        TRY(write(database, *output, report, [&] { return images->finish(); }));
        report.unchanged = TRY(output->finish()) == DumpOutput::Outcome::unchanged;
        report.written = !report.unchanged && !request_.dry_run;
        return report;
    }

private:
    static std::vector<std::string> names_of(const dump::DumpReport& written) {
        std::vector<std::string> names;
        for (const auto& table : written.tables) names.push_back(table.name);
        return names;
    }

    // Nobody can read the text who could not read the database.
    std::uint32_t mode_of(const NamedImage& database) const {
        constexpr std::uint32_t reading_and_writing = 0666, only_mine = 0600;
        const auto there = context_.host.files.status(database.path);
        return there ? there->mode & reading_and_writing : only_mine;
    }

    Result<void> write(const NamedImage& database, DumpOutput& output, DumpReport& report, const std::function<Result<void>()>& let_go) {
        std::unique_ptr<sqlite::Image> ahead;
        if (database.image->last_page().value > 0) ahead = sqlite::read_ahead_image(*database.image, {.bytes_max = unpacked_bytes_max, .pool = opened_ ? &opened_->pool() : nullptr});
        auto stored = TRY(rows::StoredDatabase::open(ahead ? *ahead : *database.image));
        std::optional<DumpProof> proof;
        if (request_.prove) proof.emplace(TRY(DumpProof::begin(context_, request_.outside)));
        const auto confirm = [&](const dump::DumpReport& written) -> Result<void> {
            if (proof) TRY(proof->expect_equal({.image = ahead ? *ahead : *database.image, .tables = names_of(written), .is_part = !request_.tables.empty() || !request_.exclude.empty() || !written.unreadable.empty()}));
            report.proven = proof.has_value();
            return let_go();
        };
        const dump::SqlDumpRequest request{.origin = {.database = host::file_name_of(database.path), .source = request_.source, .machine = report.machine, .time = report.time},
                                           .wanted = {.tables = request_.tables, .exclude = request_.exclude},
                                           .watch = context_.watch,
                                           .confirm = confirm};
        struct Both final : dump::DumpSink {
            Both(DumpOutput& output, DumpProof* proof) : output_(output), proof_(proof) {}
            Result<void> write(std::string_view piece) override {
                if (proof_) TRY(proof_->write(piece));
                return output_.write(piece);
            }
            Result<Hash> hash() override { return output_.hash(); }

        private:
            DumpOutput& output_;
            DumpProof* proof_;
        } sink(output, proof ? &*proof : nullptr);
        const auto written = TRY(dump::write_sql_dump(stored, request, sink));
        for (const auto& table : written.tables) report.tables.push_back({.name = table.name, .rows = table.rows});
        report.rows = written.rows;
        report.bytes = written.bytes;
        report.incomplete = !written.unreadable.empty();
        for (const auto& what : written.unreadable) report.warnings.push_back("not in the dump: " + what);
        return {};
    }

    Context& context_;
    OpenRepository* opened_;
    const DumpRequest& request_;
};

}  // namespace

Result<DumpReport> dump(Context& context, const DumpRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    const auto opened = TRY(repository_of_images(context, request.repository, {.word = request.snapshot, .at = request.at, .source = request.source, .only = {}, .outside = {}}));
    const bool can_start_over = request.snapshot == live_word && request.to != "-" && !request.to.empty();
    for (int attempt = 1;; ++attempt) {
        auto report = Dumping(context, opened.get(), request).run();
        const bool is_void = !report && report.error().code() == ErrorCode::busy && can_start_over;
        if (is_void && attempt < attempts_max) continue;
        if (report) report->duration_ms = stopwatch.ms();
        return report;
    }
}

}  // namespace holdfast::operations
