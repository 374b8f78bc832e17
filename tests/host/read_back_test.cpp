#include "holdfast/host/read_back.h"

#include "holdfast/base/text.h"
#include "support/results.h"
#include "support/seeded_random.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;
using ::testing::HasSubstr;

TEST(ReadBack, FindsEveryByteThatIsNotAsItWasWritten) {
    TemporaryFolder folder;
    SeededRandom random(7);
    const Bytes written = random_bytes(random, 200'000);
    const auto file = must(posix_file_system().create(folder / "a", 0600));
    constexpr std::uint64_t offset = 5'000'000;
    must(file->write_at(offset, written));
    must(expect_reads_back(*file, offset, written));
    must(expect_reads_back(*file, offset, {}));
    for (const std::size_t at : {0u, 65'535u, 65'536u, 131'072u, 199'999u}) {
        must(file->write_at(offset + at, ByteView(Bytes{~written[at]})));
        const auto differs = expect_reads_back(*file, offset, written);
        ASSERT_THAT(differs, FailsWith(ErrorCode::corrupt)) << at;
        EXPECT_THAT(differs.error().message(), HasSubstr(format("at byte {}", offset + at)));
        EXPECT_FALSE(differs.error().advice().empty());
        must(file->write_at(offset + at, ByteView(written).subspan(at, 1)));
    }
    must(file->resize(offset + 199'999));
    EXPECT_THAT(expect_reads_back(*file, offset, written).error().message(), HasSubstr("at byte 5199999"));
    must(file->resize(offset));
    EXPECT_THAT(expect_reads_back(*file, offset, written), FailsWith(ErrorCode::corrupt));
}

}  // namespace
}  // namespace holdfast::host
