// ServedImages: named images as the databases of one SQLite connection that can only read them.
#pragma once

#include <memory>
#include <vector>

#include "holdfast/operations/named_images.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::operations {

// The first database is main; of several each has its name besides.
class ServedImages {
public:
    struct Options {
        host::WorkerPool* pool = nullptr;  // reads ahead in kept images; must outlive it
        bool keeps_off_disk = false;  // what SQLite sorts and keeps for itself stays in memory: of a sealed repository nothing is written in the clear
    };
    // `images` must outlive it. `invalid`: more databases than SQLite attaches. A first page that is damaged is `corrupt`.
    static Result<ServedImages> serve(const NamedImages& images, Options options);
    sqlite::Connection& connection() { return *connection_; }
    // An error of the connection, with the reason why a page could not be read where there is one.
    Error explained(Error error) const;

private:
    std::vector<std::unique_ptr<sqlite::Image>> ahead_;
    std::vector<std::unique_ptr<sqlite::ServedImage>> served_;
    std::unique_ptr<sqlite::Connection> connection_;  // goes first
};

}  // namespace holdfast::operations
