// OutsideRequest: the part of a request that says how backup files from elsewhere are opened.
#pragma once

#include <string>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

struct OutsideRequest {
    std::string decrypt_passphrase_file, age_identity, unpack_in, unpack_max = "16TiB";
    bool unproven = false;
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(decrypt_passphrase_file, {.name = "decrypt-passphrase-file", .sentence = "Passphrase of a file that gpg encrypted with one.", .value = "FILE"});
        visit(age_identity, {.name = "age-identity", .sentence = "Private key of a file that age encrypted.", .value = "FILE"});
        visit(unpack_in, {.name = "unpack-in", .sentence = "Take compressed, encrypted and archived files apart in this folder. Default: the user's cache folder.", .value = "FOLDER"});
        visit(unproven, {.name = "unproven", .sentence = "Take a dump in SQL as it is, also if its hash or the numbers in it say that it was cut or edited."});
        visit(unpack_max, {.name = "unpack-max", .sentence = "Refuse a file out of which more than this comes. Default: 16TiB, and what leaves 64 MiB of the disk free.", .value = "SIZE"});
    }
};

}  // namespace holdfast::operations
