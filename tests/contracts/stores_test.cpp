#include "contracts/object_store_contract.h"
#include "holdfast/store/local_store.h"
#include "support/memory_store.h"
#include "support/results.h"
#include "support/simulated_machine.h"
#include "support/temporary_folder.h"

namespace holdfast::tests {
namespace {

class RealFolder final : public StorePlace {
public:
    std::unique_ptr<store::ObjectStore> open() override {
        return must(store::open_local_store(host::real_host(), folder_.path(), {}));
    }

private:
    TemporaryFolder folder_;
};

class SimulatedFolder final : public StorePlace {
public:
    explicit SimulatedFolder(bool has_hard_links) {
        machine_.set_hard_links(has_hard_links);
        must(store::create_local_folder(machine_.host(), "/store", {}));
    }
    std::unique_ptr<store::ObjectStore> open() override {
        return must(store::open_local_store(machine_.host(), "/store", {}));
    }

private:
    SimulatedMachine machine_{1};
};

// The stores of one memory share it.
class Memory final : public StorePlace {
public:
    std::unique_ptr<store::ObjectStore> open() override { return std::make_unique<Shared>(memory_); }

private:
    class Shared final : public store::ObjectStore {
    public:
        explicit Shared(MemoryStore& memory) : memory_(memory) {}
        Result<void> put_if_absent(const store::ObjectName& name, ByteView bytes) override {
            return memory_.put_if_absent(name, bytes);
        }
        Result<Bytes> get(const store::ObjectName& name, std::uint64_t size_max) override {
            return memory_.get(name, size_max);
        }
        Result<void> read(const store::ObjectName& name, std::uint64_t offset, MutableByteView into) override {
            return memory_.read(name, offset, into);
        }
        Result<store::ObjectStatus> status(const store::ObjectName& name) override { return memory_.status(name); }
        Result<std::vector<store::ListedObject>> list(std::string_view prefix) override { return memory_.list(prefix); }
        Result<void> remove(const store::ObjectName& name) override { return memory_.remove(name); }
        std::string place() const override { return memory_.place(); }

    private:
        MemoryStore& memory_;
    };
    MemoryStore memory_;
};

INSTANTIATE_TEST_SUITE_P(
    Stores, ObjectStoreContract,
    ::testing::Values(StoreMaker{"real_folder", [] { return std::make_unique<RealFolder>(); }},
                      StoreMaker{"simulated_folder", [] { return std::make_unique<SimulatedFolder>(true); }},
                      StoreMaker{"folder_without_links", [] { return std::make_unique<SimulatedFolder>(false); }},
                      StoreMaker{"memory", [] { return std::make_unique<Memory>(); }}),
    name_of_place);

}  // namespace
}  // namespace holdfast::tests
