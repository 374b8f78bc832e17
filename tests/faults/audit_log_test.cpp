#include "holdfast/operations/audit_log.h"

#include "holdfast/operations/audit_check.h"
#include "support/results.h"
#include "support/simulated_machine.h"

namespace holdfast::operations {
namespace {

using ::testing::IsEmpty;
using tests::FailsWith;
using tests::must;

AuditEntry entry(const std::string& event) {
    AuditEntry made;
    made.event = event;
    return made;
}

// Whatever the step at which the power goes: what was acknowledged is there, and the log goes on.
TEST(AuditLogPower, WhatWasAcknowledgedSurvivesEveryCut) {
    int cuts = 0;
    for (std::uint64_t step = 1; step < 60; ++step) {
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            tests::SimulatedMachine machine(seed);
            const auto host = machine.host();
            machine.cut_power_at_step(step);
            std::vector<AuditHead> acknowledged;
            for (int i = 0; i < 4; ++i) {
                auto made = entry("cut");
                made.details.set("filler", std::string(3000, 'x'));
                if (auto head = append_to_audit_log(host, "/state/log.jsonl", std::move(made))) acknowledged.push_back(*head);
            }
            if (!machine.power_is_off()) continue;
            ++cuts;
            machine.reboot();
            ASSERT_THAT(append_to_audit_log(machine.host(), "/state/log.jsonl", entry("after")), tests::Succeeds()) << step << " " << seed;
            std::vector<KeptHead> kept;
            for (const auto& head : acknowledged) kept.push_back({.head = head, .where = "backup"});
            const auto found = must(check_audit_log(machine.host(), "/state/log.jsonl", kept));
            EXPECT_THAT(found.damage, IsEmpty()) << step << " " << seed << " " << (found.damage.empty() ? "" : found.damage[0].what);
            EXPECT_EQ(found.heads_matched, acknowledged.size());
        }
    }
    EXPECT_GE(cuts, 30);
}

TEST(AuditLogRoom, AFullDiskLeavesNoHalfOfALine) {
    tests::SimulatedMachine machine(7);
    must(append_to_audit_log(machine.host(), "/state/log.jsonl", entry("one")));
    machine.fill_disk_at_step(machine.steps() + 1);
    EXPECT_THAT(append_to_audit_log(machine.host(), "/state/log.jsonl", entry("two")), FailsWith(ErrorCode::full));
    machine.fail_no_step();
    must(append_to_audit_log(machine.host(), "/state/log.jsonl", entry("three")));
    const auto found = must(check_audit_log(machine.host(), "/state/log.jsonl", {}));
    EXPECT_EQ(found.entries, 2u);
    EXPECT_THAT(found.damage, IsEmpty());
    EXPECT_THAT(found.remarks, IsEmpty());
}

}  // namespace
}  // namespace holdfast::operations
