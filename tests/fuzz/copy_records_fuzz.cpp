// Catalogues of plain copies: one that is understood is written again and then reads the same; files are removed by its
// names, so none of them leaves the folder. And the list that an application keeps beside them.
#include "holdfast/base/text.h"
#include "holdfast/bundle/copy_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::bundle;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto read = CopyRecords::parse(text);
    if (read) {
        for (const auto& record : read->records) HOLDFAST_ASSERT(record.file.find('/') == std::string::npos && record.file != "..");
        const auto written = read->to_text();
        HOLDFAST_ASSERT(CopyRecords::parse(written).value().to_text() == written);
    }
    std::vector<CopyRecord> records(1);
    records.front().file = "ours.db";
    const std::vector<CopyRecord> had;
    const CopyMetadataOrder order{.folder = "/f", .before = text, .ours = &had, .is_there = [](const std::string&) { return true; }};
    const auto metadata = copy_metadata(records, order);
    if (!metadata) return 0;
    HOLDFAST_ASSERT(records.front().metadata_id > 0);
    HOLDFAST_ASSERT(copy_metadata(records, {.folder = "/f", .before = *metadata, .ours = &had, .is_there = order.is_there}).value() == *metadata);
    return 0;
}
