#include "holdfast/bundle/named_layers.h"

#include <algorithm>
#include <array>
#include <ranges>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"

namespace holdfast::bundle {
namespace {

struct Ending {
    std::string_view text;
    ContentKind outer;
    bool holds_tar = false;
};
// The first of each kind is the one that is given to a file.
constexpr std::array endings = {
    Ending{".gz", ContentKind::gzip}, Ending{".zst", ContentKind::zstd}, Ending{".tar", ContentKind::tar}, Ending{".gpg", ContentKind::openpgp}, Ending{".age", ContentKind::age},
    Ending{".gzip", ContentKind::gzip}, Ending{".tgz", ContentKind::gzip, true}, Ending{".zstd", ContentKind::zstd}, Ending{".tzst", ContentKind::zstd, true},
    Ending{".pgp", ContentKind::openpgp}, Ending{".asc", ContentKind::openpgp_armor},
    Ending{".xz", ContentKind::other}, Ending{".bz2", ContentKind::other}, Ending{".lz4", ContentKind::other}, Ending{".br", ContentKind::other}, Ending{".zip", ContentKind::other},
    Ending{".7z", ContentKind::other}, Ending{".rar", ContentKind::other}, Ending{".txz", ContentKind::other, true}, Ending{".tbz2", ContentKind::other, true},
};

bool ends_with(std::string_view name, std::string_view ending) {
    const auto small = [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; };
    return name.size() > ending.size() && std::ranges::equal(name.substr(name.size() - ending.size()), ending, {}, small);
}

const Ending* ending_of(std::string_view name) {
    const auto found = std::ranges::find_if(endings, [&](const Ending& ending) { return ends_with(name, ending.text); });
    return found == endings.end() ? nullptr : &*found;
}

}  // namespace

Layers layers_named(std::string_view name) {
    Layers layers;
    for (const Ending* ending = nullptr; (ending = ending_of(name)) != nullptr; name.remove_suffix(ending->text.size())) {
        layers.push_back(ending->outer);
        if (ending->holds_tar) layers.push_back(ContentKind::tar);
    }
    return layers;
}

std::string without_layers(std::string_view name) {
    while (const Ending* ending = ending_of(name)) name.remove_suffix(ending->text.size());
    return std::string(name);
}

std::string with_layers(std::string_view name, const Layers& layers) {
    std::string text = without_layers(name);
    for (const auto layer : layers | std::views::reverse) text += std::ranges::find(endings, layer, &Ending::outer)->text;
    return text;
}

ContentKind layer_of(StreamFormat format) { return format == StreamFormat::gzip ? ContentKind::gzip : ContentKind::zstd; }

std::string words_of(const Layers& layers) {
    std::string text;
    for (const auto layer : layers) text += format("{}{}", text.empty() ? "" : ", ", layer == ContentKind::other ? "another format" : name_of(layer));
    return layers.empty() ? "plain" : text;
}

Result<void> expect_true_name(const std::string& path, const Layers& written, std::string_view flags) {
    const auto named = layers_named(path);
    if (named == written) return {};
    return fail(ErrorCode::invalid, "write {}: its name says {}, and it would be {}", printable(path), words_of(named), words_of(written))
        .with_advice(format("{}{}--to {}", flags, flags.empty() ? "" : "; or ", shell_word(with_layers(path, written))));
}

}  // namespace holdfast::bundle
