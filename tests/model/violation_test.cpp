// For each clause that the model judges there is a deliberately bad driver that breaks exactly
// that one, and a good driver breaks none.

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

struct bad_driver {
    violation breaks;
    std::function<void(driver&)> act;
    device_profile profile = default_profile();
};

device_profile with_undefined_feature() {
    device_profile p = default_profile();
    p.extra_features = bit(23);
    return p;
}

device_profile with_long_queues() {
    device_profile p = default_profile();
    p.queue_sizes[raw::control] = 256;
    return p;
}

// Device status, features, configuration, queue set-up.
// Spec: [virtio 1.4] Device Initialization, Device Status Field, Feature Bits
const bad_driver setup_table[] = {
    {violation::initialised_without_reset, [](driver& d) { d.acknowledge(); }},
    {violation::reset_not_awaited,
     [](driver& d) {
         d.set_state(0);
         d.acknowledge();
     }},
    {violation::status_bit_cleared,
     [](driver& d) {
         d.until_accept();
         d.set_state(1);
     }},
    {violation::initialised_after_failed,
     [](driver& d) {
         d.until_accept();
         d.set_state(3 | 128);
         d.set_state(3 | 8 | 128);
     }},
    {violation::steps_out_of_order,
     [](driver& d) {
         d.reset();
         d.know();
     }},
    {violation::features_ok_not_read_back,
     [](driver& d) {
         d.until_accept();
         d.set_state(11);
         d.queues_up();
         d.driver_ok();
     }},
    {violation::continued_after_refusal,
     [](driver& d) {
         d.device.faults().refuses_features_ok = true;
         d.until_features_ok();
         d.driver_ok();
     }},
    {violation::feature_not_offered,
     [](driver& d) {
         d.until_accept();
         d.accept(d.usable() | bit(wire::F_IN_ORDER));
         d.features_ok();
     }},
    {violation::feature_undefined,
     [](driver& d) {
         d.until_accept();
         d.accept(d.offered());
         d.features_ok();
     },
     with_undefined_feature()},
    {violation::feature_after_features_ok,
     [](driver& d) {
         d.until_features_ok(bit(wire::F_EVENT_IDX));
         d.accept(d.usable());
     }},
    {violation::version_1_not_accepted,
     [](driver& d) { d.until_features_ok(bit(wire::F_VERSION_1)); }},
    {violation::config_written, [](driver& d) { d.set(pci_place::device_config, 4, 1); }},
    {violation::controls_read_without_feature,
     [](driver& d) {
         d.up();
         d.config(12);
     }},
    {violation::config_generation_not_checked,
     [](driver& d) {
         d.until_features_ok();
         d.config(0);
         d.config(4);
         d.queues_up();
         d.driver_ok();
     }},
    {violation::queue_enabled_too_early,
     [](driver& d) {
         d.until_accept();
         d.prepare_queue(0);
         d.enable_queue(0);
     }},
    {violation::queue_size_invalid,
     [](driver& d) {
         d.until_features_ok();
         d.set(0x16, 2, 0);
         d.set(0x18, 2, 48);
     }},
    {violation::queue_misaligned,
     [](driver& d) {
         d.until_features_ok();
         d.prepare_queue(0);
         d.address(0x20, d.queues[0].desc.bus.value + 8);
         d.enable_queue(0);
     }},
    {violation::queue_changed_while_enabled,
     [](driver& d) {
         d.until_features_ok();
         d.queues_up();
         d.set(0x18, 2, 32);
     }},
    {violation::queue_disabled,
     [](driver& d) {
         d.until_features_ok();
         d.queues_up();
         d.set(0x1c, 2, 0);
     }},
    {violation::used_flags_not_zero,
     [](driver& d) {
         d.until_features_ok();
         d.prepare_queue(0);
         driver::put16(d.queues[0].used, 0, 1);
         d.enable_queue(0);
     }},
};

// Spec: [virtio 1.4] Virtio Over PCI Bus
const bad_driver pci_table[] = {
    {violation::register_width, [](driver& d) { d.get(0x14, 4); }},
    {violation::register_outside, [](driver& d) { d.get(0x3f00, 4); }},
    {violation::read_only_register_written, [](driver& d) { d.set(0x12, 2, 9); }},
    {violation::capability_written,
     [](driver& d) { d.pci.config_write(d.capability(wire::PCI_CAP_COMMON_CFG) + 8, 4, 0x100); }},
    {violation::window_misaligned, [](driver& d) { d.window_read(driver::bar, 2, 4); }},
    {violation::window_outside, [](driver& d) { d.window_read(driver::bar, 0x3f00, 4); }},
    {violation::vector_out_of_table,
     [](driver& d) {
         d.until_features_ok();
         d.set(0x1a, 2, 77);
         d.get(0x1a, 2);
     }},
    {violation::vector_not_read_back,
     [](driver& d) {
         d.until_features_ok();
         d.queues_up();
         d.set(0x10, 2, 4);
         d.driver_ok();
     }},
    {violation::isr_read_with_msix,
     [](driver& d) {
         d.up();
         d.get(pci_place::isr, 1);
     }},
    {violation::doorbell_width,
     [](driver& d) {
         d.up();
         d.set(pci_place::notify + pci_function::notify_off(0) * 4, 4, 0);
     }},
    {violation::doorbell_value,
     [](driver& d) {
         d.up();
         d.set(pci_place::notify + pci_function::notify_off(0) * 4, 2, 1);
     }},
    {violation::doorbell_before_driver_ok,
     [](driver& d) {
         d.until_features_ok();
         d.queues_up();
         d.doorbell(0);
     }},
};

// A request's two parts for a chain that is about to be wrong.
raw::part out(driver& d, u32 bytes = 16) {
    const dma_region r = d.memory.allocate(bytes);
    std::memset(r.cpu, 0, bytes);
    const u32 code = wire::SND_R_PCM_INFO;
    std::memcpy(r.cpu, &code, 4);
    return {r.bus, bytes};
}
raw::part in(driver& d, u32 bytes = 4) {
    return {d.memory.allocate(bytes).bus, bytes, true};
}

// Spec: [virtio 1.4] Split Virtqueues
const bad_driver ring_table[] = {
    {violation::doorbell_missing,
     [](driver& d) {
         d.up();
         d.expose(raw::control, {out(d), in(d)});
         d.device.advance(d.device.profile().doorbell_deadline_ns + 1);
     }},
    {violation::doorbell_needless,
     [](driver& d) {
         d.up();
         d.doorbell(raw::control);
     }},
    {violation::available_index_leap,
     [](driver& d) {
         d.up();
         driver::put16(d.queues[0].avail, 2, 65);
         d.doorbell(raw::control);
     }},
    {violation::available_flags,
     [](driver& d) {
         d.up();
         driver::put16(d.queues[0].avail, 0, 1);
         d.query(wire::SND_R_PCM_INFO, 0, 1, 32);
     }},
    {violation::head_out_of_range,
     [](driver& d) {
         d.up();
         d.offer(raw::control, 64);
         d.doorbell(raw::control);
     }},
    {violation::next_out_of_range,
     [](driver& d) {
         d.up();
         d.describe(raw::control, 0, driver::desc(out(d), wire::VIRTQ_DESC_F_NEXT, 64));
         d.offer(raw::control, 0);
         d.doorbell(raw::control);
     }},
    {violation::chain_loop,
     [](driver& d) {
         d.up();
         d.describe(raw::control, 0, driver::desc(out(d), wire::VIRTQ_DESC_F_NEXT, 1));
         d.describe(raw::control, 1, driver::desc(out(d), wire::VIRTQ_DESC_F_NEXT, 0));
         d.offer(raw::control, 0);
         d.doorbell(raw::control);
     }},
    {violation::chain_too_long,
     [](driver& d) {
         d.up();
         d.offer(raw::control, d.indirect_chain(raw::control, std::vector<raw::part>(65, out(d))));
         d.doorbell(raw::control);
     }},
    {violation::chain_too_many_bytes,
     [](driver& d) {
         d.up();
         const raw::part big = out(d, 17u << 20);
         d.offer(raw::control, d.indirect_chain(raw::control, std::vector<raw::part>(255, big)));
         d.doorbell(raw::control);
     },
     with_long_queues()},
    {violation::writable_before_readable,
     [](driver& d) {
         d.up();
         d.send(raw::control, {in(d), out(d)});
     }},
    {violation::indirect_not_negotiated,
     [](driver& d) {
         d.up(bit(wire::F_INDIRECT_DESC));
         d.offer(raw::control, d.indirect_chain(raw::control, {out(d), in(d)}));
         d.doorbell(raw::control);
     }},
    {violation::indirect_nested,
     [](driver& d) {
         d.up();
         const u16 head = d.indirect_chain(raw::control, {out(d)});
         const raw::part table = out(d);
         const auto inner = driver::desc(out(d), wire::VIRTQ_DESC_F_INDIRECT);
         d.memory.write(table.at, &inner, sizeof(inner));
         d.describe(raw::control, head, driver::desc(table, wire::VIRTQ_DESC_F_INDIRECT));
         d.offer(raw::control, head);
         d.doorbell(raw::control);
     }},
    {violation::indirect_with_next,
     [](driver& d) {
         d.up();
         d.offer(raw::control, d.refer(raw::control, out(d),
                                       wire::VIRTQ_DESC_F_INDIRECT | wire::VIRTQ_DESC_F_NEXT));
         d.doorbell(raw::control);
     }},
    {violation::indirect_length,
     [](driver& d) {
         d.up();
         d.offer(raw::control, d.refer(raw::control, out(d, 17)));
         d.doorbell(raw::control);
     }},
    {violation::buffer_outside_memory,
     [](driver& d) {
         d.up();
         d.send(raw::control, {{{0x10}, 16}, in(d)});
     }},
    {violation::descriptor_in_flight,
     [](driver& d) {
         d.up();
         d.ready(0);
         const raw::message m = d.play(0, raw::noise(1024));
         d.offer(raw::tx, m.head);
         d.doorbell(raw::tx);
     }},
    {violation::exposed_descriptor_altered,
     [](driver& d) {
         d.up();
         d.ready(0);
         const raw::message m = d.play(0, raw::noise(1024));
         d.describe(raw::tx, m.head, driver::desc({m.header.bus, 3}, 1, 1));
         d.pcm(wire::SND_R_PCM_RELEASE, 0);
     }},
};

template <class Request>
auto ask(Request request, u32 payload = 0) {
    return [=](driver& d) {
        d.up();
        d.ask(request, payload);
    };
}
auto ask_params(void (*spoil)(wire::snd_pcm_set_params&)) {
    return [=](driver& d) {
        d.up();
        auto p = driver::params(0, 1024, 4);
        spoil(p);
        d.ask(p);
    };
}

// Spec: [virtio 1.4] Sound Device
const bad_driver request_table[] = {
    {violation::event_queue_empty,
     [](driver& d) {
         d.live();
         d.ready(0);
         d.pcm(wire::SND_R_PCM_START, 0);
     }},
    {violation::event_buffer_small,
     [](driver& d) {
         d.up();
         d.send(raw::event, {in(d, 7)});
     }},
    {violation::event_buffer_readable,
     [](driver& d) {
         d.up();
         d.send(raw::event, {out(d), in(d, 8)});
     }},
    {violation::request_layout, ask(wire::snd_hdr{{wire::SND_R_PCM_PREPARE}})},
    {violation::request_unknown, ask(wire::snd_hdr{{0x777}})},
    {violation::query_range, ask(wire::snd_query_info{{wire::SND_R_PCM_INFO}, 3, 2, 32}, 64)},
    {violation::query_response_size,
     ask(wire::snd_query_info{{wire::SND_R_PCM_INFO}, 0, 4, 32}, 127)},
    {violation::jack_id_out_of_range,
     ask(wire::snd_jack_remap{{{wire::SND_R_JACK_REMAP}, 2}, 1, 1})},
    {violation::jack_remap_not_offered,
     ask(wire::snd_jack_remap{{{wire::SND_R_JACK_REMAP}, 1}, 1, 1})},
    {violation::controls_used_without_feature,
     ask(wire::snd_query_info{{wire::SND_R_CTL_INFO}, 0, 0, 0})},
    {violation::stream_id_out_of_range, ask(wire::snd_pcm_hdr{{wire::SND_R_PCM_PREPARE}, 4})},
    {violation::lifecycle, ask(wire::snd_pcm_hdr{{wire::SND_R_PCM_PREPARE}, 0})},
    {violation::period_not_divider, ask_params([](auto& p) { p.period_bytes = 1000; })},
    {violation::parameter_undefined, ask_params([](auto& p) { p.format = 25; })},
    {violation::parameter_not_offered,
     ask_params([](auto& p) { p.features = 1u << wire::SND_PCM_F_EVT_SHMEM_PERIODS; })},
    {violation::channels_out_of_range, ask_params([](auto& p) { p.channels = 9; })},
    {violation::shared_memory_both, ask_params([](auto& p) { p.features = 3; })},
    {violation::shared_memory_selected, ask_params([](auto& p) { p.features = 2; })},
    {violation::padding_not_zero, ask_params([](auto& p) { p.padding = 1; })},
};

// Spec: [virtio 1.4] Sound Device / PCM I/O Messages
const bad_driver io_table[] = {
    {violation::io_layout,
     [](driver& d) {
         d.up();
         d.ready(0);
         d.send(raw::tx, {out(d, 4), in(d, 8)});
     }},
    {violation::io_stream_id,
     [](driver& d) {
         d.up();
         d.play(4, raw::noise(1024));
     }},
    {violation::io_direction,
     [](driver& d) {
         d.up();
         d.ready(2);
         d.play(2, raw::noise(1024));
     }},
    {violation::io_before_prepare,
     [](driver& d) {
         d.up();
         d.set_params(0);
         d.play(0, raw::noise(1024));
     }},
    {violation::tx_writable_buffer,
     [](driver& d) {
         d.up();
         d.ready(0);
         raw::message m = d.make(0, 1024);
         d.send(raw::tx, {{m.header.bus, 4}, {m.data.bus, 1024}, in(d, 16)});
     }},
    {violation::rx_readable_buffer,
     [](driver& d) {
         d.up();
         d.ready(2);
         raw::message m = d.make(2, 1024);
         d.send(raw::rx, {{m.header.bus, 4}, out(d, 8), {m.data.bus, 1024, true}, in(d, 8)});
     }},
    {violation::tx_period_size,
     [](driver& d) {
         d.up();
         d.ready(0);
         d.play(0, raw::noise(512));
         d.play(0, raw::noise(1024));
     }},
    {violation::rx_period_size,
     [](driver& d) {
         d.up();
         d.ready(2);
         raw::message m = d.make(2, 512);
         d.post(raw::rx, m);
     }},
    {violation::rx_empty_at_start,
     [](driver& d) {
         d.up();
         d.ready(2);
         d.pcm(wire::SND_R_PCM_START, 2);
     }},
};

template <class Visit>
void for_each_bad_driver(Visit visit) {
    for (const auto& b : setup_table)
        visit(b);
    for (const auto& b : pci_table)
        visit(b);
    for (const auto& b : ring_table)
        visit(b);
    for (const auto& b : request_table)
        visit(b);
    for (const auto& b : io_table)
        visit(b);
}

} // namespace

TEST_CASE("each bad driver breaks exactly its own clause") {
    for_each_bad_driver([](const bad_driver& bad) {
        CAPTURE(std::string(clause_of(bad.breaks).name));
        driver d(bad.profile);
        bad.act(d);
        INFO(d.device.violations().report());
        for (const clause& c : clauses) {
            CAPTURE(std::string(c.name));
            CHECK(d.device.violations().count(c.id) == (c.id == bad.breaks ? 1u : 0u));
        }
    });
}

TEST_CASE("every clause has a bad driver") {
    std::set<violation> seen;
    for_each_bad_driver([&](const bad_driver& bad) { seen.insert(bad.breaks); });
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
