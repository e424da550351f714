#pragma once
// Deliberately bad drivers, of the split ring.

#include "bad_driver.hpp"

namespace vsnd::model::bad {

inline device_profile with_long_queues() {
    device_profile p = default_profile();
    p.queue_sizes[raw::control] = 256;
    return p;
}

// Spec: [virtio 1.4] Split Virtqueues
inline const bad_driver ring_table[] = {
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
    {violation::iommu_fault,
     [](driver& d) {
         d.up();
         raw::part request = out(d);
         request.at = d.memory.physical(request.at);
         d.send(raw::control, {request, in(d)});
     },
     with(&device_profile::iommu, true)},
    {violation::in_order_descriptors,
     [](driver& d) {
         d.up();
         d.queues[raw::control].next_desc = 5;
         d.query(wire::SND_R_PCM_INFO, 0, 1, 32);
     },
     with(&device_profile::in_order, true)},
    {violation::in_order_indirect,
     [](driver& d) {
         d.up();
         const dma_region table = d.memory.allocate(48, 16);
         const raw::part request = out(d);
         const wire::virtq_desc all[] = {
             driver::desc(request, wire::VIRTQ_DESC_F_NEXT, 2), {}, driver::desc(in(d))};
         std::memcpy(table.cpu, all, sizeof(all));
         d.offer(raw::control, d.refer(raw::control, {table.bus, 48}));
         d.doorbell(raw::control);
     },
     with(&device_profile::in_order, true)},
    {violation::exposed_descriptor_altered,
     [](driver& d) {
         d.up();
         d.ready(0);
         const raw::message m = d.play(0, raw::noise(1024));
         d.describe(raw::tx, m.head, driver::desc({m.header.bus, 3}, 1, 1));
         d.pcm(wire::SND_R_PCM_RELEASE, 0);
     }},
};

} // namespace vsnd::model::bad
