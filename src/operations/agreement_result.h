// AgreementResult: whether one thing that belongs with a database says the same as it, as reports hold it.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

struct AgreementResult {
    std::string verdict, kind, name, file, type, metric, model, emptied;
    std::vector<std::string> files, reasons, notes;
    std::optional<std::uint64_t> count, dimension;
    std::uint64_t missing_in_database = 0, missing_in_index = 0;
    std::vector<std::int64_t> first_missing_in_database, first_missing_in_index;
    // What cannot be checked is not known to agree.
    bool is_right() const { return verdict == "agrees" || verdict == "placeholder"; }
    std::string what() const { return "agreement of " + (file.empty() ? kind : printable(file)); }
    std::string why() const {
        std::string all;
        for (const auto& reason : reasons) all += (all.empty() ? "" : "; ") + reason;
        return (verdict == "could_not" ? "could not be checked: " : "") + all;
    }
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("verdict", verdict, "agrees, disagrees, could_not (it could not be checked), or placeholder: an empty file in the place of one that is not used.");
        visit("kind", kind, "faiss, npz, npy, json, sqlite or command.");
        visit("name", name, "Its name: what the star in the settings stands for.");
        visit("file", file, "The file of which the verdict tells.");
        visit("files", files, "All files of it that were looked at.");
        visit("reasons", reasons, "Why it does not agree, or could not be checked.");
        visit("missing_in_database", missing_in_database, "How many ids the file has and the database has not.");
        visit("first_missing_in_database", first_missing_in_database, "The smallest of them, at most 20.");
        visit("missing_in_index", missing_in_index, "How many ids the database has and the file has not.");
        visit("first_missing_in_index", first_missing_in_index, "The smallest of them, at most 20.");
        visit("type", type, "What the file says that it is.");
        visit("count", count, "How many vectors, or items, are in it.");
        visit("dimension", dimension, "Of its vectors.");
        visit("metric", metric, "Of an index.");
        visit("model", model, "By which model its vectors were made.");
        visit("emptied", emptied, "The file is empty and was not in an earlier backup: in which; holdfast annotate --accept-loss accepts it.");
        visit("notes", notes, "What else was seen: files in its place that do not agree, and need not.");
    }
};

}  // namespace holdfast::operations
