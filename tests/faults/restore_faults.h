// Replacing: a database on a simulated disk that is replaced by an image, and the judgement of what is there afterwards.
#pragma once

#include <string>

#include "faults/simulated_database.h"
#include "holdfast/live/replace.h"
#include "support/images.h"

namespace holdfast::tests {

struct NewContent {
    Bytes bytes;
    std::unique_ptr<sqlite::Image> image;
    std::string content;  // as SQLite reads it
};
// Made once, on a machine that is never cut.
inline const NewContent& new_content() {
    static const NewContent made = [] {
        SimulatedMachine machine(1);
        const SimulatedDatabases databases(machine.host());
        databases.run("/new.db", database_sql("DELETE", "new", 14));
        NewContent content;
        content.bytes = must(host::read_file(machine.host().files, "/new.db", 1 << 20));
        content.image = image_of(content.bytes, 1024);
        content.content = databases.content_of("/new.db");
        return content;
    }();
    return made;
}

class Replacing {
public:
    static inline const std::string path = "/data/db/app.db";
    Replacing(SimulatedMachine& machine, host::FileSystem& seen)
        : host_(machine.host()), seen_(seen_through(seen, host_)), databases_(seen_), judging_(host_) {
        must(host::make_folders_durably(host_.files, "/data/db", 0700));
    }
    explicit Replacing(SimulatedMachine& machine) : Replacing(machine, machine.host().files) {}

    void judge() { EXPECT_EQ(wrongs(), ""); }
    // Everything that breaks a promise, for people; "" when all is kept.
    std::string wrongs() const {
        const bool is_there = must(host::exists(host_.files, path));
        if (!is_there) return acknowledged_ || !old_.empty() ? "nothing is there" : "";
        const std::string found = judging_.content_of(path);
        if (found == new_content().content) return "";
        if (found == old_ && !old_.empty()) return acknowledged_ ? "the restore was acknowledged, and the old content is there" : "";
        return "neither the old nor the new content: " + found;
    }
    bool was_acknowledged() const { return acknowledged_; }
    const std::string& refusal() const { return refusal_; }

protected:
    host::Host host_, seen_;
    SimulatedDatabases databases_, judging_;
    std::string old_;  // the content before; "" when there was none
    bool acknowledged_ = false;
    std::string refusal_;  // why it was not
};

}  // namespace holdfast::tests
