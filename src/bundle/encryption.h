// Encrypted files, opened and made by the programs that people have for them: gpg and age.
#pragma once

#include <stop_token>
#include <string>

#include "holdfast/bundle/byte_stream.h"
#include "holdfast/bundle/content_kind.h"

namespace holdfast::bundle {

// What opens encrypted backups. gpg asks its agent for private keys by itself.
struct OpeningSecrets {
    std::string passphrase_file = {};  // for gpg's symmetric encryption
    std::string age_identity = {};     // file of age's private key
};

// The plain bytes of an encrypted file. Errors while reading: `denied` (no key or passphrase fits), `corrupt` (damaged or
// cut; told at the end, so that nothing may be used before), `unavailable` (the program is not installed). An age file with a
// passphrase cannot be opened: age asks for it on a terminal only.
Result<std::unique_ptr<ByteStream>> open_encrypted(const std::string& path, ContentKind kind, const OpeningSecrets& secrets,
                                                   std::stop_token stop);

// For whom something is encrypted; one of them.
struct Recipient {
    std::string name = {};             // age1…, an ssh key, a file of age's recipients; else whom gpg knows by that name
    std::string passphrase_file = {};  // gpg's symmetric encryption
    bool is_none() const { return name.empty() && passphrase_file.empty(); }
};
std::string program_of(host::FileSystem& files, const Recipient& recipient);  // "gpg" or "age"
// `output`: a file that is not there yet (0600); empty: standard output. finish() fails unless the program is content.
// The file is neither synced nor removed after a failure: that is the caller's.
Result<std::unique_ptr<ByteSink>> encrypting(host::FileSystem& files, const Recipient& recipient, const std::string& output,
                                             std::stop_token stop);

}  // namespace holdfast::bundle
