#include "holdfast/bundle/encryption.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/host/filter_program.h"
#include "holdfast/host/secrets.h"

namespace holdfast::bundle {
namespace {

using host::FilterOrder;
using host::FilterProgram;

bool is_gpg(ContentKind kind) { return kind == ContentKind::openpgp || kind == ContentKind::openpgp_armor; }

Result<FilterProgram> start(const FilterOrder& order) {
    auto program = FilterProgram::start(order);
    if (program || program.error().code() != ErrorCode::not_found) return program;
    const std::string& name = order.words.front();
    if (!order.input.empty() && program.error().message().find(order.input) != std::string::npos) return program;
    return fail(ErrorCode::unavailable, "run {}: it is not installed", name).with_advice(format("apt install {}", name == "gpg" ? "gnupg" : name));
}

bool says(const host::FilterEnd& end, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return end.complaint.find(word) != std::string::npos; });
}

// Its first line that is for people.
std::string first_complaint(const host::FilterEnd& end, std::string_view program) {
    std::string first;
    for (const auto& line : split(end.complaint, '\n')) {
        if (!line.starts_with(program) || line.find("encrypted data") != std::string::npos || line.find("encrypted with") != std::string::npos) continue;
        first = line;
        break;
    }
    return first.empty() ? format("{} ended with status {}", program, end.status) : printable(first);
}

// --- opening ---

Error judge_gpg(const host::FilterEnd& end, bool has_passphrase) {
    const std::string said = first_complaint(end, "gpg");
    if (says(end, {"BAD_PASSPHRASE"})) return fail(ErrorCode::denied, "decrypt with gpg: the passphrase is wrong").with_advice("--decrypt-passphrase-file with the right one");
    const bool wants_passphrase = says(end, {"NEED_PASSPHRASE_SYM"}) && !has_passphrase;
    if (wants_passphrase) return fail(ErrorCode::denied, "decrypt with gpg: it is encrypted with a passphrase").with_advice("--decrypt-passphrase-file FILE");
    if (says(end, {"NO_SECKEY", "No secret key"})) {
        return fail(ErrorCode::denied, "decrypt with gpg: {}", said).with_advice("import the private key it was encrypted for (gpg --import)");
    }
    return fail(ErrorCode::corrupt, "decrypt with gpg: {}", said);
}

Error judge_age(const host::FilterEnd& end) {
    const std::string said = first_complaint(end, "age");
    if (says(end, {"no identity matched"})) return fail(ErrorCode::denied, "decrypt with age: {}", said).with_advice("--age-identity with the key it was encrypted for");
    if (says(end, {"reading \"", "failed to open", "no such file"})) return fail(ErrorCode::not_found, "decrypt with age: {}", said);
    return fail(ErrorCode::corrupt, "decrypt with age: {}", said);
}

class Decrypted final : public ByteStream {
public:
    Decrypted(FilterProgram program, bool is_by_gpg, bool has_passphrase)
        : program_(std::move(program)), is_by_gpg_(is_by_gpg), has_passphrase_(has_passphrase) {}
    Result<std::size_t> read(MutableByteView into) override {
        if (is_over_) return std::size_t{0};
        const std::size_t got = TRY(program_.read(into));
        if (got > 0) return got;
        is_over_ = true;
        const auto end = TRY(program_.finish());
        if (end.status == 0) return std::size_t{0};
        return is_by_gpg_ ? judge_gpg(end, has_passphrase_) : judge_age(end);
    }

private:
    FilterProgram program_;
    bool is_by_gpg_, has_passphrase_, is_over_ = false;
};

std::vector<std::string> gpg_words() { return {"gpg", "--batch", "--no-tty", "--status-fd", "2"}; }

Result<std::unique_ptr<ByteStream>> open_by_gpg(FilterOrder order, const OpeningSecrets& secrets) {
    order.words = gpg_words();
    SecretBytes passphrase;
    const bool has_passphrase = !secrets.passphrase_file.empty();
    if (has_passphrase) {
        passphrase = TRY(host::secret_from_file(secrets.passphrase_file));
        order.words.insert(order.words.end(), {"--pinentry-mode", "loopback", "--passphrase-fd", "3"});
        order.secret = &passphrase;
    }
    order.words.push_back("--decrypt");
    auto program = TRY(start(order));
    return std::unique_ptr<ByteStream>(std::make_unique<Decrypted>(std::move(program), true, has_passphrase));
}

Result<std::unique_ptr<ByteStream>> open_by_age(FilterOrder order, const OpeningSecrets& secrets) {
    if (secrets.age_identity.empty()) {
        return fail(ErrorCode::denied, "decrypt {}: age needs the key it was encrypted for", printable(order.input)).with_advice("--age-identity FILE");
    }
    order.words = {"age", "--decrypt", "--identity", secrets.age_identity};
    auto program = TRY(start(order));
    return std::unique_ptr<ByteStream>(std::make_unique<Decrypted>(std::move(program), false, false));
}

// --- making ---

class Encrypting final : public ByteSink {
public:
    Encrypting(FilterProgram program, std::string name) : program_(std::move(program)), name_(std::move(name)) {}
    Result<void> write(ByteView bytes) override {
        auto written = program_.write(bytes);
        if (written || written.error().code() != ErrorCode::unavailable) return written;
        return finish();  // says why it takes no more
    }
    Result<void> finish() override {
        const auto end = TRY(program_.finish());
        if (end.status == 0) return {};
        auto error = fail(ErrorCode::invalid, "encrypt with {}: {}", name_, first_complaint(end, name_));
        if (says(end, {"INV_RECP", "no assurance"})) {
            return std::move(error).with_advice("name the key by its whole fingerprint (gpg --list-keys), or tell gpg that you trust it (gpg --edit-key NAME trust)");
        }
        return error;
    }

private:
    FilterProgram program_;
    std::string name_;
};

bool is_fingerprint(std::string_view name) {
    constexpr std::size_t digits = 40;
    return name.size() == digits && name.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_age_recipient(std::string_view name) {
    constexpr std::array<std::string_view, 3> beginnings = {"age1", "ssh-ed25519 ", "ssh-rsa "};
    return std::ranges::any_of(beginnings, [&](std::string_view beginning) { return name.starts_with(beginning); });
}

// Whoever names a key by its whole fingerprint has said that it is the right one.
std::vector<std::string> gpg_words_for(const std::string& name) {
    auto words = gpg_words();
    if (is_fingerprint(name)) words.insert(words.end(), {"--trust-model", "always"});
    words.insert(words.end(), {"--encrypt", "--recipient", name});
    return words;
}

}  // namespace

Result<std::unique_ptr<ByteStream>> open_encrypted(const std::string& path, ContentKind kind, const OpeningSecrets& secrets,
                                                   std::stop_token stop) {
    FilterOrder order;
    order.input = path;
    order.stop = std::move(stop);
    return is_gpg(kind) ? open_by_gpg(std::move(order), secrets) : open_by_age(std::move(order), secrets);
}

std::string program_of(host::FileSystem& files, const Recipient& recipient) {
    const auto is_file = host::exists(files, recipient.name);
    return recipient.passphrase_file.empty() && (is_age_recipient(recipient.name) || (is_file && *is_file)) ? "age" : "gpg";
}

Result<std::unique_ptr<ByteSink>> encrypting(host::FileSystem& files, const Recipient& recipient, const std::string& output,
                                             std::stop_token stop) {
    HOLDFAST_ASSERT(!recipient.is_none());
    if (!recipient.name.empty() && !recipient.passphrase_file.empty()) {
        return fail(ErrorCode::invalid, "encrypt: both a recipient and a passphrase are given").with_advice("one of them");
    }
    FilterOrder order;
    order.output = output;
    order.output_is_ours = output.empty();
    order.stop = std::move(stop);
    SecretBytes passphrase;
    if (!recipient.passphrase_file.empty()) {
        passphrase = TRY(host::secret_from_file(recipient.passphrase_file));
        order.words = gpg_words();
        order.words.insert(order.words.end(), {"--pinentry-mode", "loopback", "--passphrase-fd", "3", "--symmetric", "--cipher-algo", "AES256"});
        order.secret = &passphrase;
    } else if (is_age_recipient(recipient.name)) {
        order.words = {"age", "--encrypt", "--recipient", recipient.name};
    } else if (TRY(host::exists(files, recipient.name))) {
        order.words = {"age", "--encrypt", "--recipients-file", recipient.name};
    } else {
        order.words = gpg_words_for(recipient.name);
    }
    auto program = TRY(start(order));
    return std::unique_ptr<ByteSink>(std::make_unique<Encrypting>(std::move(program), order.words.front()));
}

}  // namespace holdfast::bundle
