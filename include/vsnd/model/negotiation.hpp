#pragma once
// Device status, feature bits and configuration generation, as a driver sees them on any
// transport, and the judgement of the order in which it uses them.
// Spec: [virtio 1.4] Device Status Field, Feature Bits, Device Initialization

#include <bit>
#include <string>

#include <vsnd/model/device_core.hpp>

namespace vsnd::model {

// What a write to the status asks the device to do.
enum class status_effect : u8 { none, reset, driver_ok, suspend, resume };

class negotiation {
  public:
    explicit negotiation(device_core& core) : core_(core) {}

    u64 offered() const {
        const device_profile& p = core_.profile;
        u64 all = p.extra_features;
        if (p.version_1) all |= bit(wire::F_VERSION_1);
        if (p.event_idx) all |= bit(wire::F_EVENT_IDX);
        if (p.indirect) all |= bit(wire::F_INDIRECT_DESC);
        if (p.packed) all |= bit(wire::F_RING_PACKED);
        if (p.in_order) all |= bit(wire::F_IN_ORDER);
        if (p.notification_data) all |= bit(wire::F_NOTIFICATION_DATA);
        if (p.notif_config_data) all |= bit(wire::F_NOTIF_CONFIG_DATA);
        if (p.ring_reset) all |= bit(wire::F_RING_RESET);
        if (p.order_platform) all |= bit(wire::F_ORDER_PLATFORM);
        if (p.iommu) all |= bit(wire::F_ACCESS_PLATFORM);
        if (p.controls_feature) all |= bit(wire::SND_F_CTLS);
        if (p.suspend) all |= bit(wire::F_SUSPEND);
        return all;
    }
    u64 accepted() const { return accepted_; }
    u8 value() const { return value_; } // the status, without NEEDS_RESET
    bool has(u8 step) const { return (value_ & step) != 0; }
    bool accepts(u32 feature) const { return (accepted_ >> feature & 1) != 0; }

    // Word `word` of 32 feature bits.
    void accept(u32 word, u32 bits) {
        if (word >= wire::FEATURE_WORDS) return;
        const u64 mask = u64{0xffff'ffff} << 32 * word;
        const u64 now = (accepted_ & ~mask) | u64{bits} << 32 * word;
        if (has(wire::DEVICE_STATUS_FEATURES_OK)) {
            if ((now & ~accepted_) != 0)
                core_.violate(violation::feature_after_features_ok, hex(now & ~accepted_));
            return; // negotiation is over
        }
        accepted_ = now;
    }

    u8 read_status() {
        read_back_ = true;
        if (value_ == 0) awaiting_zero_ = false;
        return static_cast<u8>(value_ | (core_.needs_reset ? wire::DEVICE_STATUS_NEEDS_RESET : 0));
    }
    status_effect write_status(u8 wanted);
    // The device did what SUSPEND, or DRIVER_OK after it, asks for.
    void set_suspended(bool on) {
        const u8 gone = on ? wire::DEVICE_STATUS_DRIVER_OK : wire::DEVICE_STATUS_SUSPEND;
        const u8 come = on ? wire::DEVICE_STATUS_SUSPEND : wire::DEVICE_STATUS_DRIVER_OK;
        value_ = static_cast<u8>((value_ & ~gone) | come);
    }

    // The device has reset itself.
    void reset() {
        accepted_ = 0;
        value_ = 0;
        read_back_ = refused_ = false;
        guard_ = {};
    }

    u8 read_generation() {
        if (changed_) ++generation_;
        changed_ = false;
        (guard_.fields == 0 ? guard_.before : guard_.after) = true;
        return generation_;
    }
    void config_changed() { changed_ = true; }
    // The driver read the 32-bit configuration field number `field`.
    void note_config_read(u32 field) {
        guard_.fields |= 1u << field;
        guard_.after = false;
        if (field == 3 && !accepts(wire::SND_F_CTLS))
            core_.violate(violation::controls_read_without_feature, "read of controls");
    }
    // By now the driver relies on what it read.
    void judge_config_reads() {
        if (std::popcount(guard_.fields) > 1 && !(guard_.before && guard_.after))
            core_.violate(violation::config_generation_not_checked,
                          std::to_string(std::popcount(guard_.fields)) + " fields");
        if (guard_.fields != 0) guard_ = {};
    }

  private:
    struct guard { // configuration reads, and whether a generation read stands on each side
        u32 fields = 0;
        bool before = false;
        bool after = false;
    };
    static std::string hex(u64 bits) {
        std::string text;
        for (u32 i = 0; i < 64; ++i)
            if ((bits >> i & 1) != 0) text += (text.empty() ? "bit " : ", ") + std::to_string(i);
        return text;
    }
    bool may_suspend() const {
        return accepts(wire::F_SUSPEND) && has(wire::DEVICE_STATUS_DRIVER_OK);
    }
    void judge_steps(u8 fresh);
    bool judge_features();

    device_core& core_;
    u64 accepted_ = 0;
    u8 value_ = 0;
    u8 generation_ = 0;
    bool changed_ = false;
    bool was_reset_ = false;
    bool awaiting_zero_ = false;
    bool read_back_ = false;
    bool refused_ = false;
    guard guard_;
};

// Bits that virtio 1.4 defines for a sound device on PCI or MMIO.
inline constexpr u64 defined_features =
    bit(wire::SND_F_CTLS) | bit(wire::F_INDIRECT_DESC) | bit(wire::F_EVENT_IDX) |
    bit(wire::F_VERSION_1) | bit(wire::F_ACCESS_PLATFORM) | bit(wire::F_RING_PACKED) |
    bit(wire::F_IN_ORDER) | bit(wire::F_ORDER_PLATFORM) | bit(wire::F_SR_IOV) |
    bit(wire::F_NOTIFICATION_DATA) | bit(wire::F_NOTIF_CONFIG_DATA) | bit(wire::F_RING_RESET) |
    bit(wire::F_ADMIN_VQ) | bit(wire::F_SUSPEND);

inline status_effect negotiation::write_status(u8 wanted) {
    if (wanted == 0) {
        was_reset_ = awaiting_zero_ = true;
        return status_effect::reset;
    }
    const u8 lasting = static_cast<u8>(value_ & ~wanted);
    u8 fresh = static_cast<u8>(wanted & ~value_ & ~wire::DEVICE_STATUS_NEEDS_RESET);
    if (lasting != 0)
        core_.violate(violation::status_bit_cleared, "bits " + std::to_string(lasting));
    if (fresh == wire::DEVICE_STATUS_SUSPEND && may_suspend()) return status_effect::suspend;
    if ((fresh & wire::DEVICE_STATUS_SUSPEND) != 0) {
        core_.violate(violation::suspend_out_of_place, "on top of " + std::to_string(value_));
        fresh &= static_cast<u8>(~wire::DEVICE_STATUS_SUSPEND); // ignored
    }
    if (fresh == 0) return status_effect::none;
    if (fresh == wire::DEVICE_STATUS_DRIVER_OK && has(wire::DEVICE_STATUS_SUSPEND))
        return status_effect::resume;
    // Giving up is allowed at any moment.
    if (fresh != wire::DEVICE_STATUS_FAILED) judge_steps(fresh);
    value_ |= fresh;
    if ((fresh & wire::DEVICE_STATUS_FEATURES_OK) != 0 && !judge_features()) {
        refused_ = true;
        value_ &= static_cast<u8>(~wire::DEVICE_STATUS_FEATURES_OK);
    }
    if ((fresh & wire::DEVICE_STATUS_FEATURES_OK) != 0) read_back_ = false;
    if ((fresh & wire::DEVICE_STATUS_DRIVER_OK) == 0) return status_effect::none;
    judge_config_reads();
    // A device that refused the features does not come alive.
    return has(wire::DEVICE_STATUS_FEATURES_OK) ? status_effect::driver_ok : status_effect::none;
}

inline void negotiation::judge_steps(u8 fresh) {
    using namespace wire;
    const std::string detail = std::to_string(fresh) + " on top of " + std::to_string(value_);
    if (!was_reset_) {
        core_.violate(violation::initialised_without_reset, detail);
        was_reset_ = true;
    }
    if (awaiting_zero_) {
        core_.violate(violation::reset_not_awaited, detail);
        awaiting_zero_ = false;
    }
    if (has(DEVICE_STATUS_FAILED)) {
        core_.violate(violation::initialised_after_failed, detail);
        return;
    }
    const u8 before = fresh == DEVICE_STATUS_ACKNOWLEDGE   ? 0
                      : fresh == DEVICE_STATUS_DRIVER      ? DEVICE_STATUS_ACKNOWLEDGE
                      : fresh == DEVICE_STATUS_FEATURES_OK ? DEVICE_STATUS_DRIVER
                      : fresh == DEVICE_STATUS_DRIVER_OK   ? DEVICE_STATUS_FEATURES_OK
                                                           : DEVICE_STATUS_FAILED; // two at once
    constexpr u8 later = DEVICE_STATUS_FEATURES_OK | DEVICE_STATUS_DRIVER_OK;
    if (refused_ && (fresh & later) != 0)
        core_.violate(violation::continued_after_refusal, detail);
    else if (before != 0 && !has(before))
        core_.violate(violation::steps_out_of_order, detail);
    else if (fresh == DEVICE_STATUS_DRIVER_OK && !read_back_)
        core_.violate(violation::features_ok_not_read_back, detail);
}

// False: the device cannot work with this set.
inline bool negotiation::judge_features() {
    const u64 foreign = accepted_ & ~offered();
    const u64 unknown = accepted_ & offered() & ~defined_features;
    const bool version = accepts(wire::F_VERSION_1);
    if (foreign != 0) core_.violate(violation::feature_not_offered, hex(foreign));
    if (unknown != 0) core_.violate(violation::feature_undefined, hex(unknown));
    if (core_.profile.version_1 && !version)
        core_.violate(violation::version_1_not_accepted, "accepted " + hex(accepted_));
    const auto expect = [this](u32 feature, violation what) {
        if ((offered() & bit(feature)) != 0 && !accepts(feature))
            core_.violate(what, "accepted " + hex(accepted_));
    };
    expect(wire::F_ACCESS_PLATFORM, violation::access_platform_not_accepted);
    expect(wire::F_ORDER_PLATFORM, violation::order_platform_not_accepted);
    expect(wire::F_NOTIF_CONFIG_DATA, violation::notif_config_data_not_accepted);
    const bool reaches = !core_.profile.iommu || accepts(wire::F_ACCESS_PLATFORM);
    return !core_.faults.refuses_features_ok && foreign == 0 && reaches &&
           (version || !core_.profile.version_1);
}

} // namespace vsnd::model
