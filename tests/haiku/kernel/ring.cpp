#include <kernel/bus.hpp>

namespace simulated {

using namespace vsnd::wire;

// There is no lock here on Haiku. Two callers at once, or a caller whom the queue's callback can
// interrupt, corrupt the ring there; here they end the test.
class virtio_bus::ring::one_caller {
  public:
    explicit one_caller(ring& r) : ring_(r) {
        const cpu_state& c = cpu();
        if (c.in_interrupt)
            r.callback_uses_ = true;
        else if (r.callback_uses_ && !c.interrupts_off)
            stop("a queue that its callback uses is used with interrupts on");
        if (r.busy_.exchange(true, std::memory_order_relaxed))
            stop("two use a queue at the same time");
    }
    ~one_caller() { ring_.busy_.store(false, std::memory_order_relaxed); }
    one_caller(const one_caller&) = delete;
    one_caller& operator=(const one_caller&) = delete;

  private:
    ring& ring_;
};

virtio_bus::ring::ring(machine& where, address_space& space, u32 number, u16 size, u64 features)
    : machine_(where), space_(space), number_(number), size_(size), free_(size),
      event_index_((features & VIRTIO_FEATURE_RING_EVENT_IDX) != 0), avail_(virtq_desc_bytes(size)),
      used_((avail_ + virtq_avail_bytes(size) + 4095) & ~usize{4095}), transfers_(size) {
    const usize bytes = used_ + virtq_used_bytes(size);
    area_ = space.create("virtqueue", bytes, false);
    if (area_ == 0) return;
    memory_ = space.areas().at(area_).memory;
    for (u16 i = 0; i < size; ++i)
        table()[i].next = static_cast<u16>(i + 1 < size ? i + 1 : 0xffff);
    // An area for each place of the ring, whether it will be used or not.
    if ((features & VIRTIO_FEATURE_RING_INDIRECT_DESC) != 0)
        for (transfer& t : transfers_) {
            t.indirect = space.create("virtqueue", usize{size} * sizeof(virtq_desc), false);
            if (t.indirect == 0) return;
            auto* const list = reinterpret_cast<virtq_desc*>(space.areas().at(t.indirect).address);
            for (u16 i = 0; i < size; ++i)
                list[i].next = static_cast<u16>(i + 1 < size ? i + 1 : 0xffff);
        }
    want_interrupts(false);
}

virtio_bus::ring::~ring() {
    for (const transfer& t : transfers_)
        if (t.indirect != 0) space_.remove(t.indirect);
    if (area_ != 0) space_.remove(area_);
}

void virtio_bus::ring::want_interrupts(bool wanted) {
    if (!event_index_)
        vsnd::store_relaxed(available(0), u16{wanted ? u16{0} : VIRTQ_AVAIL_F_NO_INTERRUPT});
}

u16 virtio_bus::ring::fill(u16 index, virtq_desc* in, const physical_entry* vector, usize read,
                           usize written) {
    for (usize i = 0; i < read + written; ++i) {
        virtq_desc& d = in[index];
        d.addr = vector[i].address;
        d.len = static_cast<u32>(vector[i].size);
        const u16 flags = static_cast<u16>((i + 1 < read + written ? VIRTQ_DESC_F_NEXT : 0) |
                                           (i >= read ? VIRTQ_DESC_F_WRITE : 0));
        d.flags = flags;
        index = d.next;
    }
    return index;
}

void virtio_bus::ring::publish(u16 head) {
    u16* const index = available(VIRTQ_AVAIL_IDX_OFFSET);
    const u16 at = vsnd::load_relaxed(index);
    vsnd::store_relaxed(available(VIRTQ_AVAIL_RING_OFFSET) + at % size_, head);
    vsnd::store_release(index, static_cast<u16>(at + 1));
    machine_.with_device([&](vsnd::model::sound_device& d) { d.notify(number_); });
}

status_t virtio_bus::ring::request(const physical_entry* vector, usize read, usize written,
                                   void* what) {
    const one_caller alone(*this);
    const usize count = read + written;
    if (count < 1) return B_BAD_VALUE;
    if (count > free_) return B_BUSY;
    const u16 head = head_;
    transfer& t = transfers_[head];
    t.cookie = what;
    if (t.indirect != 0) {
        t.count = 1;
        const address_space::area& list = space_.areas().at(t.indirect);
        fill(0, reinterpret_cast<virtq_desc*>(list.address), vector, read, written);
        virtq_desc& d = table()[head];
        d.addr = list.memory.bus.value;
        d.len = static_cast<u32>(count * sizeof(virtq_desc));
        d.flags = VIRTQ_DESC_F_INDIRECT;
        head_ = d.next;
    } else {
        t.count = static_cast<u16>(count);
        head_ = fill(head, table(), vector, read, written);
    }
    free_ = static_cast<u16>(free_ - t.count);
    publish(head);
    return B_OK;
}

bool virtio_bus::ring::dequeue(void** what, u32* length) {
    const one_caller alone(*this);
    const u16 end = vsnd::load_acquire(reinterpret_cast<u16*>(used(VIRTQ_USED_IDX_OFFSET)));
    if (used_index_ == end) return false;
    const auto* const element = reinterpret_cast<u32*>(
        used(VIRTQ_USED_RING_OFFSET + used_index_ % size_ * sizeof(virtq_used_elem)));
    ++used_index_;
    const u32 id = vsnd::load_relaxed(element);
    if (length != nullptr) *length = vsnd::load_relaxed(element + 1);
    if (id >= size_ || transfers_[id].count == 0) stop("the device returns what it never had");
    transfer& t = transfers_[id];
    if (what != nullptr) *what = t.cookie;
    u16 last = static_cast<u16>(id);
    for (u16 left = t.count; left > 1; --left)
        last = table()[last].next;
    table()[last].next = head_;
    head_ = static_cast<u16>(id);
    free_ = static_cast<u16>(free_ + t.count);
    t.count = 0;
    t.cookie = nullptr;
    return true;
}

} // namespace simulated
