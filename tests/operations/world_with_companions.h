// WorldWithCompanions: a source of a database and a folder of every kind of file beside it.
#pragma once

#include <fstream>

#include "holdfast/operations/files.h"
#include "operations/world.h"

namespace holdfast::operations {

class WorldWithCompanions : public World {
protected:
    WorldWithCompanions() {
        make_repository();
        create_database(database);
        std::filesystem::create_directories(folder + "/sub/empty");
        write(folder + "/1.index", pattern(300'000));
        write(folder + "/1.meta.json", "{}");
        write(folder + "/2.index", "");
        write(folder + "/sub/notes.txt", "some notes");
        write(folder + "/new\nline", "n");
        write(folder + "/" + raw_name, "r");
        std::filesystem::create_symlink("../app.db", folder + "/link");
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    }
    // Nothing in it repeats.
    static std::string pattern(std::size_t size) {
        std::string text;
        for (std::uint64_t i = 0; text.size() < size; ++i) text += sha256(bytes_of(format("{}", i))).hex();
        text.resize(size);
        return text;
    }
    std::string backed_up() { return format("{}", backup().number); }

    FilesRequest files_request(const std::string& snapshot, std::vector<std::string> paths = {}) {
        FilesRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        request.paths = std::move(paths);
        return request;
    }
    // By their paths below the work folder.
    std::map<std::string, ListedFile> listed_files(FilesRequest request) {
        std::map<std::string, ListedFile> found;
        request.take = [&](const ListedFile& file) -> Result<void> {
            found.emplace(file.path.substr(work.size() + 1), file);
            return {};
        };
        must(list_files(context, request));
        return found;
    }
    std::vector<std::string> names(FilesRequest request) {
        std::vector<std::string> paths;
        for (const auto& [path, file] : listed_files(std::move(request))) paths.push_back(path);
        return paths;
    }
    // The pack in which these bytes of a file lie; they are no longer the same afterwards.
    void damage_largest_pack() {
        std::string largest;
        for (const auto& [path, bytes] : files_below(repository + "/packs")) {
            if (largest.empty() || bytes.size() > std::filesystem::file_size(largest)) largest = path;
        }
        overwrite(largest, std::filesystem::file_size(largest) / 2, "damaged");
    }
    const std::string folder = root / "work/faiss";
    const std::string raw_name = "\xff\xfe.bin";
};

}  // namespace holdfast::operations
