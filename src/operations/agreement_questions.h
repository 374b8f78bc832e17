// What has to agree with a source's databases, and what these say of it: asked first, so that they need not be held still
// while files are read. For this room only.
#pragma once

#include "holdfast/agree/compare.h"
#include "holdfast/operations/agreement_files.h"
#include "holdfast/operations/settings.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

struct DatabaseToAgree {
    std::string path;                      // as the settings call it, canonical
    const sqlite::Image* image = nullptr;
    std::string file = {};                 // where it lies on disk with the same content; empty: only the image has it
};

// One thing of one name.
struct ThingToAgree {
    const AgreementSettings* settings = nullptr;
    std::string name;
    std::vector<std::string> files;           // one of these, in the settings' order; they need not be there
    std::vector<std::string> needs;           // these are to be there
    std::string meta;
    bool is_demanded = false;                 // there must be one
    agree::Wanted wanted;
    std::optional<std::string> model;
    std::optional<Error> unanswered;          // a question that could not be answered
    std::map<std::string, agree::Agreement> databases;  // of the kind sqlite: looked at already
};

std::string kind_of(const AgreementSettings& settings, const std::string& path);  // empty: its name does not say

struct AgreementQuestions {
    const std::vector<DatabaseToAgree>& databases;
    AgreementFiles& files;
};
// Of one table of the settings, which outlives it. Errors are those of files that cannot be listed, and `cancelled`; a
// query that cannot be answered is a thing that could not be checked.
Result<std::vector<ThingToAgree>> things_to_agree(Context& context, const AgreementSettings& settings, const AgreementQuestions& where);

// The database that the settings mean; null: it is not there.
Result<const DatabaseToAgree*> database_of(Context& context, const AgreementSettings& settings, const std::vector<DatabaseToAgree>& databases);

}  // namespace holdfast::operations
