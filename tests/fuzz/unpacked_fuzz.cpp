// A backup file from anywhere: told by its content, and peeled. Files lie in memory; gpg and age are not run, as what they
// get is theirs to parse.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <span>

#include "holdfast/base/compress_stream.h"
#include "holdfast/bundle/unpacked.h"
#include "holdfast/host/host.h"

namespace {

using namespace holdfast;
using namespace holdfast::bundle;

// Whatever the bytes are, decompressing them ends, and says whether it may.
void decompress(StreamFormat format, ByteView input) {
    constexpr std::size_t out_max = 1 << 20;
    StreamDecompressor decompressor(format);
    Bytes room(4096);
    for (std::size_t out = 0; out < out_max;) {
        const auto got = decompressor.step(input, room);
        if (!got) return;
        HOLDFAST_ASSERT(*got <= room.size());
        out += *got;
        if (*got == 0 && input.empty()) break;
    }
    (void)decompressor.may_end();
}

struct Folder {
    std::string path = "/tmp/holdfast_fuzz_XXXXXX";
    Folder() { HOLDFAST_ASSERT(::mkdtemp(path.data()) != nullptr); }
    ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Folder folder;
    const ByteView input = std::as_bytes(std::span(data, size));
    const ByteView head = input.first(std::min<std::size_t>(size, 4096));
    const auto kind = kind_of(head);
    (void)is_age_with_passphrase(head);
    decompress(StreamFormat::gzip, input);
    decompress(StreamFormat::zstd, input);
    if (kind == ContentKind::openpgp || kind == ContentKind::openpgp_armor || kind == ContentKind::age || kind == ContentKind::age_armor) return 0;
    const std::string path = folder.path + "/input";
    std::ofstream(path, std::ios::binary) << text_of(input);
    ::setenv("PATH", "/nonexistent", 1);  // for what is sealed inside a tar
    const auto opened = Unpacked::open(host::real_host(), {.path = path, .folder = folder.path + "/out", .secrets = {}, .limits = {.bytes_max = 1 << 20}}, {});
    if (!opened) return 0;
    for (const auto& database : opened->databases) HOLDFAST_ASSERT(std::filesystem::file_size(database.path) == database.size && database.size <= std::max<std::size_t>(size, 1 << 20));
    return 0;
}
