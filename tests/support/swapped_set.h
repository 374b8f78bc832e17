// A set of files, and a swap that turns it into another: every kind of step.
#pragma once

#include "holdfast/live/file_swap.h"
#include "support/file_trees.h"

namespace holdfast::tests {

class SwappedSet {
public:
    static inline const std::string database = "/data/app.db", root = "/data/set";
    explicit SwappedSet(host::Host host) : host_(host), files_(host.files) {}

    void make_old() {
        must(host::make_folders_durably(files_, root, 0755));
        must(host::make_folders_durably(files_, at("sub"), 0750));
        must(host::make_folders_durably(files_, at("to_file"), 0755));
        write(at("index"), "old index");
        write(at("sub/a"), "old a");
        write(at("same"), "same");
        write(at("extra"), "extra");
        write(at("to_file/x"), "x in a folder that becomes a file");
        write(at("to_folder"), "a file that becomes a folder");
        must(files_.make_link("index", at("link")));
        must(files_.make_link("same", at("link_to_file")));
        for (const auto* name : {"sub", "to_file", "link", "link_to_file"}) must(files_.set_owner(at(name), 5, 6));
        for (const auto* folder : {"sub", "to_file", ""}) {
            must(files_.set_modified(at(folder), Timestamp{7'000'000'000}));
            must(files_.sync_folder(at(folder)));
        }
    }

    // As restores do it; the first error ends it.
    Result<void> swap() {
        auto swap = TRY(live::FileSwap::begin(host_, database, Bytes(3, std::byte{7})));
        auto plan = TRY(stage(*swap));
        TRY(swap->set_note(Bytes(3, std::byte{7})));
        TRY(swap->carry_out(std::move(plan), {}));
        TRY(swap->note_replaced(database));
        for (const auto& warning : TRY(swap->finish())) told_ += warning;
        return {};
    }
    const std::string& told() const { return told_; }

    // What the next run does: with nothing else replaced, back; else on.
    Result<void> mend() {
        auto found = TRY(live::FileSwap::find(host_, database));
        if (!found) return {};
        if (found->phase() == live::FileSwap::Phase::staging) return found->abandon();
        if (found->note() != Bytes(3, std::byte{7})) return fail(ErrorCode::bug, "another note");
        const bool goes_on = found->phase() == live::FileSwap::Phase::swapped && !found->replaced().empty();
        const auto warnings = TRY(goes_on ? found->finish() : found->undo());
        if (!warnings.empty()) return fail(ErrorCode::bug, "{}", warnings.front());
        return {};
    }

    std::string tree(TreeText how = {}) const { return tree_of(files_, root, how); }
    bool has_litter() const {
        for (const auto& folder : {std::string("/data"), root}) {
            for (const auto& name : must(files_.list(folder))) {
                if (live::is_restore_folder(name)) return true;
            }
        }
        return false;
    }
    Result<live::SwapPlan> stage(live::FileSwap& swap) {
        const std::string stage = TRY(swap.add_stage(root));
        const auto seen = [&](const std::string& name) -> Result<std::optional<live::SeenThing>> {
            const auto status = TRY(files_.status_of_link(at(name)));
            return std::optional(live::seen_thing(status, status.kind == host::FileKind::link ? TRY(files_.read_link(at(name))) : std::string()));
        };
        using What = live::SwapStep::What;
        live::SwapPlan plan;
        const auto leaves = [&](What what, const std::string& name) -> Result<void> {
            plan.steps.push_back({.what = what, .path = at(name), .stage = stage, .before = TRY(seen(name))});
            return {};
        };
        int staged = 0;
        const auto comes = [&](const std::string& name, std::optional<live::SeenThing> before) -> Result<void> {
            const std::string aside = format("{}/new-{}", stage, ++staged);
            if (name == "link") {
                TRY(files_.make_link("same", aside));
                TRY(files_.set_owner(aside, 7, 8));
            } else {
                TRY(write_durably(aside, "new " + name));
            }
            TRY(files_.set_modified(aside, Timestamp{9'000'000'000}));
            plan.steps.push_back({.what = What::put, .path = at(name), .stage = stage, .before = std::move(before), .staged = aside});
            return {};
        };
        TRY(leaves(What::remove, "extra"));
        TRY(leaves(What::remove, "to_folder"));
        TRY(leaves(What::remove, "to_file/x"));
        TRY(leaves(What::remove_folder, "to_file"));
        for (const auto* name : {"to_folder", "to_folder/deep"}) plan.steps.push_back({.what = What::make_folder, .path = at(name), .stage = stage});
        for (const auto* name : {"index", "sub/a", "link", "link_to_file"}) TRY(comes(name, TRY(seen(name))));
        for (const auto* name : {"to_file", "to_folder/deep/n"}) TRY(comes(name, {}));
        for (const auto* name : {"", "sub"}) plan.folders.push_back({.path = at(name), .mode = 0700, .modified = Timestamp{8'000'000'000}, .before = TRY(seen(name)), .owner = live::ThingOwner{.owner = 7, .group = 8}});
        for (const auto* name : {"to_folder", "to_folder/deep"}) plan.folders.push_back({.path = at(name), .mode = 0711, .modified = Timestamp{8'000'000'000}, .before = {}, .owner = live::ThingOwner{.owner = 7, .group = 8}});
        return plan;
    }

    std::string at(const std::string& name) const { return name.empty() ? root : root + "/" + name; }
    void write(const std::string& path, const std::string& text) { must(write_durably(path, text)); }

private:
    Result<void> write_durably(const std::string& path, const std::string& text) {
        const auto file = TRY(files_.create(path, 0640));
        TRY(file->write_at(0, bytes_of(text)));
        TRY(files_.set_modified(path, Timestamp{6'000'000'000}));
        TRY(file->sync());
        return files_.sync_folder(host::folder_of(path));
    }

    host::Host host_;
    host::FileSystem& files_;
    std::string told_;
};

}  // namespace holdfast::tests
