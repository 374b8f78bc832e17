// Replays a fuzz target's corpus without a fuzzer: each file as it is, cut short in many places, and with single bytes
// changed. Always the same inputs, so that a failure is the same failure on every machine.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

constexpr std::size_t cuts_max = 64;
constexpr std::size_t changes_max = 256;

// In memory of exactly its size, so that AddressSanitizer sees a read past the end.
void feed(std::vector<std::uint8_t> bytes) {
    bytes.shrink_to_fit();
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

void shake(const std::vector<std::uint8_t>& bytes, std::mt19937_64& random) {
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / cuts_max);
    for (std::size_t size = 0; size < bytes.size(); size += step) feed({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
    for (std::size_t i = 0; i < std::min(changes_max, bytes.size() * 8); ++i) {
        auto changed = bytes;
        changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
        feed(std::move(changed));
    }
}

}  // namespace

int main(int count, char** arguments) {
    std::mt19937_64 random(1);
    std::size_t files = 0;
    for (int i = 1; i < count; ++i) {
        std::vector<std::filesystem::path> paths;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[i]))
            if (entry.is_regular_file()) paths.push_back(entry.path());
        std::sort(paths.begin(), paths.end());
        for (const auto& path : paths) {
            std::ifstream file(path, std::ios::binary);
            const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
            feed(bytes);
            shake(bytes, random);
            ++files;
        }
    }
    std::printf("%zu files of the corpus replayed and shaken\n", files);
    return files == 0 ? 1 : 0;  // an empty corpus tests nothing
}
