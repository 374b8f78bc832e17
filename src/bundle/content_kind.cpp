#include "holdfast/bundle/content_kind.h"

#include <algorithm>
#include <array>
#include <optional>

namespace holdfast::bundle {
namespace {

using namespace std::string_view_literals;

std::uint8_t byte_at(ByteView bytes, std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); }

struct Beginning {
    std::string_view bytes;
    ContentKind kind;
};
constexpr std::array beginnings = {
    Beginning{"SQLite format 3\0"sv, ContentKind::database},
    Beginning{"\x37\x7f\x06\x82"sv, ContentKind::wal},
    Beginning{"\x37\x7f\x06\x83"sv, ContentKind::wal},
    Beginning{"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"sv, ContentKind::journal},
    Beginning{"\x1f\x8b\x08"sv, ContentKind::gzip},
    Beginning{"\x28\xb5\x2f\xfd"sv, ContentKind::zstd},
    Beginning{"-----BEGIN PGP MESSAGE-----"sv, ContentKind::openpgp_armor},
    Beginning{"age-encryption.org/v1"sv, ContentKind::age},
    Beginning{"-----BEGIN AGE ENCRYPTED FILE-----"sv, ContentKind::age_armor},
};

// A frame that other tools put before the first real one (pzstd).
bool is_skippable_frame(ByteView head) {
    constexpr std::size_t size_min = 8;
    return head.size() >= size_min && (byte_at(head, 0) & 0xf0) == 0x50 && byte_at(head, 1) == 0x2a && byte_at(head, 2) == 0x4d && byte_at(head, 3) == 0x18;
}

std::optional<std::uint64_t> octal(ByteView field) {
    std::uint64_t value = 0;
    bool has_digits = false;
    for (const std::byte byte : field) {
        const char letter = static_cast<char>(byte);
        if (letter >= '0' && letter <= '7') {
            value = value * 8 + static_cast<std::uint64_t>(letter - '0');
            has_digits = true;
        } else if (letter != ' ' || has_digits) {
            if (letter == ' ' || letter == '\0') break;
            return std::nullopt;
        }
    }
    return has_digits ? std::optional(value) : std::nullopt;
}

// By the checksum of the first header: all kinds of tar have it, and not all have a word that tells them.
bool is_tar(ByteView head) {
    constexpr std::size_t header_size = 512, sum_at = 148, sum_size = 8;
    if (head.size() < header_size || head[0] == std::byte{0}) return false;
    const auto stated = octal(head.subspan(sum_at, sum_size));
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < header_size; ++at) sum += at >= sum_at && at < sum_at + sum_size ? std::uint8_t{' '} : byte_at(head, at);
    return stated && *stated == sum;
}

// The first packet of an encrypted message (RFC 4880, 4.2 and 5): a key packet of a version that exists, or the
// encrypted packet itself.
bool is_openpgp(ByteView head) {
    constexpr std::size_t size_min = 16;
    if (head.size() < size_min || (byte_at(head, 0) & 0x80) == 0) return false;
    const std::uint8_t first = byte_at(head, 0);
    const bool is_new = (first & 0x40) != 0;
    const int tag = is_new ? first & 0x3f : (first >> 2) & 0x0f;
    std::size_t body = 0;
    if (is_new) {
        const std::uint8_t length = byte_at(head, 1);
        body = length < 192 ? 2 : length < 224 ? 3 : length == 255 ? 6 : 2;
    } else {
        constexpr std::array<std::size_t, 4> header_sizes = {2, 3, 5, 1};
        body = header_sizes[first & 0x03];
    }
    const std::uint8_t version = byte_at(head, body);
    switch (tag) {
        case 1: return version == 3 || version == 6;              // public-key encrypted session key
        case 3: return version == 4 || version == 5 || version == 6;  // symmetric-key encrypted session key
        case 18: return version == 1 || version == 2;             // encrypted and integrity protected
        case 20: return version == 1;                             // AEAD encrypted
        default: return false;
    }
}

bool begins_as_object(ByteView head) {
    const auto at = std::ranges::find_if(head, [](std::byte byte) { return " \t\r\n"sv.find(static_cast<char>(byte)) == std::string_view::npos; });
    return at != head.end() && *at == std::byte{'{'} && std::ranges::find(head, std::byte{0}) == head.end();
}

// Comments may come first, but then a statement of a dump; or a comment that only a history begins with.
bool begins_as_sql(ByteView head) {
    std::string_view text = text_of(head);
    if (text.starts_with("-- holdfast dump ") || (text.starts_with("-- OAK ") && text.substr(0, text.find('\n')).find("History Backup") != std::string_view::npos)) return true;
    for (;;) {
        const auto begin = text.find_first_not_of(" \t\r\n");
        if (begin == std::string_view::npos) return false;
        text.remove_prefix(begin);
        const bool is_line = text.starts_with("--");
        if (!is_line && !text.starts_with("/*")) break;
        const auto end = text.find(is_line ? "\n" : "*/");
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + (is_line ? 1 : 2));
    }
    constexpr std::array beginning = {"PRAGMA "sv, "BEGIN;"sv, "BEGIN "sv, "CREATE TABLE"sv, "INSERT INTO "sv};
    return std::ranges::any_of(beginning, [&](std::string_view word) {
        return text.size() >= word.size() && std::ranges::equal(text.substr(0, word.size()), word, [](char one, char other) { return (one >= 'a' && one <= 'z' ? one - 'a' + 'A' : one) == other; });
    });
}

}  // namespace

// tar before OpenPGP: the name that a tar begins with may be of any bytes, and its checksum is the stronger sign.
ContentKind kind_of(ByteView head) {
    if (head.empty()) return ContentKind::empty;
    const std::string_view text = text_of(head);
    for (const auto& beginning : beginnings) {
        if (text.starts_with(beginning.bytes)) return beginning.kind;
    }
    if (is_skippable_frame(head)) return ContentKind::zstd;
    if (is_tar(head)) return ContentKind::tar;
    if (is_openpgp(head)) return ContentKind::openpgp;
    if (begins_as_object(head)) return ContentKind::json;
    return begins_as_sql(head) ? ContentKind::sql : ContentKind::other;
}

std::string_view name_of(ContentKind kind) {
    switch (kind) {
        case ContentKind::empty: return "empty";
        case ContentKind::database: return "SQLite database";
        case ContentKind::wal: return "write-ahead log";
        case ContentKind::journal: return "rollback journal";
        case ContentKind::gzip: return "gzip";
        case ContentKind::zstd: return "zstd";
        case ContentKind::tar: return "tar";
        case ContentKind::openpgp:
        case ContentKind::openpgp_armor: return "OpenPGP";
        case ContentKind::age:
        case ContentKind::age_armor: return "age";
        case ContentKind::json: return "JSON";
        case ContentKind::sql: return "SQL";
        case ContentKind::other: return "something else";
    }
    return "something else";
}

bool is_age_with_passphrase(ByteView head) { return text_of(head).find("\n-> scrypt ") != std::string_view::npos; }

}  // namespace holdfast::bundle
