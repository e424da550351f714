#pragma once
// The PCI function of the fuzz device: a configuration space that is right where its input is
// silent, and the registers.
// [virtio 1.4] Virtio Over PCI Bus

#include <vsnd/wire/pci.hpp>

#include "device.hpp"

namespace fuzz {

class pci_function {
  public:
    static constexpr u32 msix_bar = 1;
    static constexpr u32 register_bar = 4;
    static constexpr u32 common_at = 0;
    static constexpr u32 isr_at = 0x1000;
    static constexpr u32 config_at = 0x2000;
    static constexpr u32 notify_at = 0x3000;

    pci_function(fuzz_device& device, const setup& how, whims& whim)
        : device_(device), set_(how), whim_(whim) {
        fill_template();
        for (u32 i = 0; i < how.config_lies * 2u; ++i) {
            const u8 at = whim.byte();
            config_[at] = whim.byte();
        }
    }

    static u64 bar_bytes(u32 bar) {
        return bar == register_bar ? 0x4000u : bar == msix_bar ? 0x1000u : 0u;
    }
    // Whether the device may touch memory: from the first queue until a confirmed reset.
    bool owner() const { return owner_; }
    // The device is pulled out: it touches nothing any more.
    void pull() {
        device_.reset();
        device_.gone = true;
        owner_ = false;
    }

    u32 config_read(u32 offset, u32 bytes) {
        check(offset, bytes, 0x100);
        return odd_value(get(config_, offset, bytes), bytes);
    }
    void config_write(u32 offset, u32 bytes, u32 value) {
        check(offset, bytes, 0x100);
        if (offset == msix_cap + 2) { // the size of the table stays
            constexpr u32 writable = 0xc000;
            value = (value & writable) | (get(config_, offset, 2) & ~writable);
        }
        if (offset == 0x04 || offset == msix_cap + 2) put(config_, offset, bytes, value);
    }

    u32 bar_read(u32 bar, u64 offset, u32 bytes) {
        check(offset, bytes, bar_bytes(bar));
        if (device_.gone) return confirmed(bar, offset, bytes, ones(bytes));
        u32 value = 0;
        if (bar == register_bar) value = read(static_cast<u32>(offset), bytes);
        return confirmed(bar, offset, bytes, odd_value(value, bytes));
    }
    void bar_write(u32 bar, u64 offset, u32 bytes, u32 value) {
        check(offset, bytes, bar_bytes(bar));
        if (bytes == 1) {
            byte_bar_ = bar;
            byte_at_ = offset;
            byte_ = value;
        }
        if (bar != register_bar || device_.gone) return;
        if (offset >= notify_at) return device_.notified(value & 0xffff);
        if (offset < 56) write(static_cast<u32>(offset), bytes, value);
    }

  private:
    using common = vsnd::wire::pci_common_cfg;
    static constexpr u32 msix_cap = 0x40;

    static u32 ones(u32 bytes) { return bytes == 4 ? ~u32{0} : (u32{1} << bytes * 8) - 1; }
    static void check(u64 offset, u32 bytes, u64 size) {
        promise(bytes == 1 || bytes == 2 || bytes == 4, "an access of no register's width");
        promise(offset % bytes == 0, "a misaligned access");
        promise(offset + bytes <= size, "an access beyond the end");
    }
    static u32 get(const u8* from, u32 offset, u32 bytes) {
        u32 v = 0;
        for (u32 i = 0; i < bytes; ++i)
            v |= u32{from[offset + i]} << 8 * i;
        return v;
    }
    static void put(u8* to, u32 offset, u32 bytes, u32 v) {
        for (u32 i = 0; i < bytes; ++i)
            to[offset + i] = static_cast<u8>(v >> 8 * i);
    }

    u32 odd_value(u32 value, u32 bytes) {
        if (!whim_.odd()) return value;
        const u8 how = whim_.byte();
        if (how < 16) return 0;
        if (how < 32) return ones(bytes);
        if (how < 128) return (value ^ u32{1} << how % (bytes * 8)) & ones(bytes);
        return whim_.word() & ones(bytes);
    }

    // The driver asked for a reset and reads the status: 0 is a promise of the device, all ones
    // says that there is none any more. Either way it lets go of the memory. The status is the one
    // register of a byte that is written; a device that lies about its place keeps its word too.
    u32 confirmed(u32 bar, u64 offset, u32 bytes, u32 value) {
        const bool asked = bytes == 1 && bar == byte_bar_ && offset == byte_at_ && byte_ == 0;
        if (!asked || (value != 0 && value != 0xff)) return value;
        device_.reset();
        owner_ = false;
        status_ = 0;
        resetting_ = 0;
        return value;
    }

    u32 read(u32 at, u32 bytes) {
        if (at >= config_at && at < config_at + 16) return device_config(at - config_at, bytes);
        if (at == isr_at) return read_isr();
        const queue_end* const q = select_ < 4 ? &device_.queues[select_] : nullptr;
        switch (at) {
        case offsetof(common, device_feature):
            return feature_select_ < 2 ? static_cast<u32>(set_.features >> feature_select_ * 32)
                                       : 0;
        case offsetof(common, config_msix_vector): return config_vector_;
        case offsetof(common, num_queues): return 4;
        case offsetof(common, device_status): return read_status();
        case offsetof(common, queue_select): return select_;
        case offsetof(common, queue_size):
            if (q == nullptr) return 0;
            return q->size != 0 ? q->size : set_.queue_sizes[select_];
        case offsetof(common, queue_msix_vector): return q == nullptr ? 0xffff : q->vector;
        case offsetof(common, queue_enable): return q != nullptr && q->enabled;
        case offsetof(common, queue_notify_off): return select_;
        default: return 0;
        }
    }
    u32 read_status() {
        if (status_ == 0 && resetting_ != 0) {
            if (resetting_ != forever) --resetting_;
            return 0x0f;
        }
        return status_ | (device_.needs_reset ? 64u : 0u);
    }
    u32 read_isr() {
        const u32 isr = (device_.queue_interrupt ? 1u : 0u) | (device_.config_interrupt ? 2u : 0u);
        return isr;
    }
    u32 device_config(u32 at, u32 bytes) {
        const u8 fields[16] = {1, 0, 0, 0, static_cast<u8>(set_.streams)};
        return get(fields, at, bytes);
    }

    void write(u32 at, u32 bytes, u32 value) {
        queue_end ignored;
        queue_end& q = select_ < 4 ? device_.queues[select_] : ignored;
        const u16 half = static_cast<u16>(value);
        switch (at) {
        case offsetof(common, device_feature_select): feature_select_ = value; break;
        case offsetof(common, driver_feature_select): driver_select_ = value; break;
        case offsetof(common, driver_feature): accept(value); break;
        case offsetof(common, config_msix_vector): config_vector_ = half; break;
        case offsetof(common, device_status): write_status(static_cast<u8>(value)); break;
        case offsetof(common, queue_select): select_ = half; break;
        case offsetof(common, queue_size): q.size = half; break;
        case offsetof(common, queue_msix_vector): q.vector = half; break;
        case offsetof(common, queue_enable): enable(q); break;
        case offsetof(common, queue_desc): low(q.descriptors, value); break;
        case offsetof(common, queue_desc) + 4: high(q.descriptors, value); break;
        case offsetof(common, queue_driver): low(q.driver_area, value); break;
        case offsetof(common, queue_driver) + 4: high(q.driver_area, value); break;
        case offsetof(common, queue_device): low(q.device_area, value); break;
        case offsetof(common, queue_device) + 4: high(q.device_area, value); break;
        default: break;
        }
        (void)bytes;
    }
    static void low(u64& field, u32 v) { field = (field & ~u64{0xffffffff}) | v; }
    static void high(u64& field, u32 v) { field = (field & 0xffffffff) | u64{v} << 32; }
    void accept(u32 value) {
        if (driver_select_ == 0) low(device_.accepted, value);
        if (driver_select_ == 1) high(device_.accepted, value);
    }
    void enable(queue_end& q) {
        q.enabled = true;
        if (q.size == 0) q.size = select_ < 4 ? set_.queue_sizes[select_] : u16{0};
        owner_ = true;
    }
    void write_status(u8 value) {
        if (value == 0) {
            constexpr u32 reads[] = {0, 1, 5, forever};
            if (status_ != 0) resetting_ = reads[set_.reset];
            status_ = 0;
            return;
        }
        status_ = value;
        device_.live = (value & 4) != 0 && owner_;
    }

    void fill_template() {
        namespace wire = vsnd::wire;
        put(config_, 0x00, 2, wire::PCI_VENDOR_VIRTIO);
        put(config_, 0x02, 2, wire::PCI_DEVICE_SOUND);
        put(config_, 0x06, 2, 0x10);
        put(config_, 0x10 + 4 * msix_bar, 4, 0xfeb0'0000);
        put(config_, 0x10 + 4 * register_bar, 4, 0xfe00'000c);
        config_[0x34] = msix_cap;
        put(config_, msix_cap, 4, 0x0004'5011); // five vectors
        put(config_, msix_cap + 4, 4, msix_bar);
        capability(0x50, 0x60, 1, common_at, 64);
        capability(0x60, 0x74, 2, notify_at, 0x1000);
        config_[0x62] = 20;
        put(config_, 0x70, 4, 4);
        capability(0x74, 0x84, 3, isr_at, 1);
        capability(0x84, 0x00, 4, config_at, 16);
    }
    void capability(u32 at, u8 next, u8 type, u32 offset, u32 length) {
        const u8 head[] = {9, next, 16, type, register_bar};
        std::memcpy(config_ + at, head, sizeof(head));
        put(config_, at + 8, 4, offset);
        put(config_, at + 12, 4, length);
    }

    static constexpr u32 forever = ~u32{0};

    fuzz_device& device_;
    const setup& set_;
    whims& whim_;
    u8 config_[256]{};
    u32 feature_select_ = 0;
    u32 driver_select_ = 0;
    u16 select_ = 0;
    u16 config_vector_ = 0xffff;
    u8 status_ = 0;
    u32 resetting_ = 0;
    u32 byte_bar_ = 0; // the last register of one byte that was written
    u64 byte_at_ = 0;
    u32 byte_ = ~u32{0};
    bool owner_ = false;
};

} // namespace fuzz
