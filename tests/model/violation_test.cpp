// For each clause that the model judges there is a deliberately bad driver that breaks exactly
// that one, and a good driver breaks none.

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "bad_elements.hpp"
#include "bad_mmio.hpp"
#include "bad_packed.hpp"
#include "bad_ring.hpp"
#include "bad_setup.hpp"
#include "bad_sound.hpp"
#include "bad_suspend.hpp"

using namespace vsnd;
using namespace vsnd::model;
using namespace vsnd::model::bad;

namespace {

template <class Visit>
void for_each_bad_driver(Visit visit) {
    for (const auto& b : setup_table)
        visit(b);
    for (const auto& b : pci_table)
        visit(b);
    for (const auto& b : ring_table)
        visit(b);
    for (const auto& b : packed_table)
        visit(b);
    for (const auto& b : request_table)
        visit(b);
    for (const auto& b : io_table)
        visit(b);
    for (const auto& b : element_table)
        visit(b);
    for (const auto& b : suspend_table)
        visit(b);
}

// A clause of MMIO has its bad driver there.
template <class Visit>
void for_each_bad_mmio_driver(Visit visit) {
    for (const auto& b : mmio_table)
        visit(b);
}

void check_breaks_only(violation broken, violation_log& log) {
    INFO(log.report());
    for (const clause& c : clauses) {
        CAPTURE(std::string(c.name));
        CHECK(log.count(c.id) == (c.id == broken ? 1u : 0u));
    }
}

} // namespace

TEST_CASE("each bad driver over MMIO breaks exactly its own clause") {
    for_each_bad_mmio_driver([](const bad_mmio_driver& bad) {
        CAPTURE(std::string(clause_of(bad.breaks).name));
        mmio_driver d(default_profile(), bad.layout);
        bad.act(d);
        check_breaks_only(bad.breaks, d.device.violations());
    });
}

TEST_CASE("each bad driver breaks exactly its own clause") {
    for_each_bad_driver([](const bad_driver& bad) {
        CAPTURE(std::string(clause_of(bad.breaks).name));
        driver d(bad.profile);
        bad.act(d);
        check_breaks_only(bad.breaks, d.device.violations());
    });
}

TEST_CASE("every clause has a bad driver") {
    std::set<violation> seen;
    for_each_bad_driver([&](const bad_driver& bad) { seen.insert(bad.breaks); });
    for_each_bad_mmio_driver([&](const bad_mmio_driver& bad) { seen.insert(bad.breaks); });
    for (const clause& c : clauses) {
        CAPTURE(std::string(c.name));
        CHECK(seen.count(c.id) == 1);
    }
}

TEST_CASE("the good driver that they all start from breaks nothing") {
    driver d;
    d.up();
    d.ready(0);
    d.play(0, raw::noise(1024));
    CHECK(d.pcm(wire::SND_R_PCM_START, 0) == wire::SND_S_OK);
    d.device.advance(1'000'000);
    CHECK(d.pcm(wire::SND_R_PCM_STOP, 0) == wire::SND_S_OK);
    CHECK(d.pcm(wire::SND_R_PCM_RELEASE, 0) == wire::SND_S_OK);
    INFO(d.device.violations().report());
    CHECK(d.device.violations().entries().empty());
    CHECK(d.device.violations().clean());
}

TEST_CASE("a report names clause, chapter and time, and advice leaves a driver clean") {
    driver d;
    d.up();
    d.device.advance(1500);
    d.doorbell(raw::control);
    const violation_log& log = d.device.violations();
    CHECK(log.clean());
    CHECK(log.count_of(strength::should) == 1);
    CHECK(log.report() ==
          "1500 ns: doorbell_needless: [virtio 1.4] Split / Available Buffer Notification "
          "Suppression: do not notify where the device does not wish it (queue 0)\n");
    d.pcm(99, 0);
    CHECK_FALSE(log.clean());
    d.device.violations().clear();
    CHECK(log.entries().empty());
    CHECK(log.clean());
}
