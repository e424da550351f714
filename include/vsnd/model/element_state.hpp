#pragma once
// A control element as it stands: its facts, its value as it lies on the wire, its metadata, and
// what was done to it. Requests are judged elsewhere (element_requests.hpp).
// Spec: [virtio 1.4] Sound Device / Control Elements

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/element.hpp>

namespace vsnd::model {

class control_element {
  public:
    explicit control_element(element_profile what) : initial_(std::move(what)), now_(initial_) {
        reset();
    }

    // Facts as they are now; set_element_info of the device may have changed them.
    const element_profile& profile() const { return now_; }
    bool may(u32 right) const { return (now_.access & right) != 0; }

    // The value: of numbers, options and booleans, and as bytes on the wire.
    std::vector<s64> values() const;
    const std::vector<u8>& bytes() const { return value_; }
    const std::vector<u32>& metadata() const { return now_.metadata; }
    // What TLV_COMMAND sent, whole TLVs, in order.
    const std::vector<std::vector<u32>>& commands() const { return commands_; }
    u64 reads() const { return reads_; }
    u64 writes() const { return writes_; } // also of the value that it had

    // For the device ----------------------------------------------------------------------------
    void reset() {
        now_ = initial_;
        value_ = initial_value();
        commands_.clear();
    }
    void change_facts(element_profile what) {
        now_ = std::move(what);
        value_.resize(value_bytes());
    }
    // True: the value is another one now.
    bool set(std::vector<u8> value) {
        value.resize(value_bytes());
        const bool other = value != value_;
        value_ = std::move(value);
        return other;
    }
    std::vector<u8> encode(const std::vector<s64>& values) const;
    void set_metadata(std::vector<u32> words) { now_.metadata = std::move(words); }
    void note_command(std::vector<u32> words) { commands_.push_back(std::move(words)); }
    void note_read() { ++reads_; }
    void note_write() { ++writes_; }

    // Bytes of one member and of the whole value; a `count` beyond any limit is cut.
    usize member_bytes() const;
    usize value_bytes() const {
        const usize all = member_bytes() * usize{now_.count};
        return lesser(all, sizeof(wire::snd_ctl_value));
    }
    u32 announced_items() const {
        return now_.announced_items != 0 ? now_.announced_items
                                         : static_cast<u32>(now_.items.size());
    }
    // Why these bytes are no value of this element; nothing when they are.
    std::optional<std::string> wrong_with(const std::vector<u8>& value) const;
    // One item of CTL_INFO.
    std::vector<u8> info(bool aligned) const;
    // The options' names, one after the other.
    std::vector<u8> item_names() const;

  private:
    std::vector<u8> initial_value() const {
        const u32 type = now_.type;
        const bool raw = type == wire::SND_CTL_TYPE_BYTES || type == wire::SND_CTL_TYPE_IEC958;
        std::vector<u8> all = raw ? now_.bytes : encode(now_.values);
        all.resize(value_bytes());
        return all;
    }
    std::vector<s64> decode(const std::vector<u8>& value) const;
    template <class Info>
    std::vector<u8> pack() const;

    element_profile initial_;
    element_profile now_;
    std::vector<u8> value_;
    std::vector<std::vector<u32>> commands_;
    u64 reads_ = 0;
    u64 writes_ = 0;
};

inline usize control_element::member_bytes() const {
    switch (now_.type) {
    case wire::SND_CTL_TYPE_INTEGER64: return 8;
    case wire::SND_CTL_TYPE_BYTES: return 1;
    case wire::SND_CTL_TYPE_IEC958: return sizeof(wire::snd_ctl_iec958);
    default: return 4;
    }
}

inline std::vector<u8> control_element::encode(const std::vector<s64>& values) const {
    const usize each = now_.type == wire::SND_CTL_TYPE_IEC958 ? 1 : member_bytes();
    std::vector<u8> all;
    for (const s64 v : values)
        for (usize b = 0; b < each; ++b)
            all.push_back(static_cast<u8>(static_cast<u64>(v) >> 8 * b));
    return all;
}

inline std::vector<s64> control_element::decode(const std::vector<u8>& value) const {
    const usize each = now_.type == wire::SND_CTL_TYPE_IEC958 ? 1 : member_bytes();
    std::vector<s64> all;
    for (usize at = 0; at + each <= value.size(); at += each) {
        u64 v = 0;
        for (usize b = 0; b < each; ++b)
            v |= u64{value[at + b]} << 8 * b;
        const bool wide = each == 8;
        const bool number = now_.type == wire::SND_CTL_TYPE_INTEGER;
        all.push_back(wide     ? static_cast<s64>(v)
                      : number ? s64{static_cast<s32>(static_cast<u32>(v))}
                               : static_cast<s64>(v));
    }
    return all;
}

inline std::vector<s64> control_element::values() const {
    return decode(value_);
}

inline std::optional<std::string> control_element::wrong_with(const std::vector<u8>& value) const {
    s64 lowest = now_.lowest;
    s64 highest = now_.highest;
    switch (now_.type) {
    case wire::SND_CTL_TYPE_BOOLEAN: lowest = 0, highest = 1; break;
    case wire::SND_CTL_TYPE_ENUMERATED: lowest = 0, highest = s64{announced_items()} - 1; break;
    case wire::SND_CTL_TYPE_INTEGER:
    case wire::SND_CTL_TYPE_INTEGER64: break;
    default: return {};
    }
    for (const s64 v : decode(value))
        if (v < lowest || v > highest)
            return std::to_string(v) + " is not between " + std::to_string(lowest) + " and " +
                   std::to_string(highest);
    return {};
}

template <class Info>
std::vector<u8> control_element::pack() const {
    Info info{};
    info.hdr.hda_fn_nid = now_.nid;
    info.role = now_.role;
    info.type = now_.type;
    info.access = now_.access;
    info.count = now_.count;
    info.index = now_.index;
    std::memcpy(info.name, now_.name.data(), lesser(now_.name.size(), sizeof(info.name)));
    if (now_.type == wire::SND_CTL_TYPE_INTEGER) {
        info.value.integer.lowest = static_cast<u32>(now_.lowest);
        info.value.integer.highest = static_cast<u32>(now_.highest);
        info.value.integer.step = static_cast<u32>(now_.step);
    } else if (now_.type == wire::SND_CTL_TYPE_INTEGER64) {
        info.value.integer64.lowest = static_cast<u64>(now_.lowest);
        info.value.integer64.highest = static_cast<u64>(now_.highest);
        info.value.integer64.step = static_cast<u64>(now_.step);
    } else if (now_.type == wire::SND_CTL_TYPE_ENUMERATED) {
        info.value.enumerated.items = announced_items();
    }
    std::vector<u8> bytes(sizeof(info));
    std::memcpy(bytes.data(), &info, sizeof(info));
    return bytes;
}

inline std::vector<u8> control_element::info(bool aligned) const {
    return aligned ? pack<wire::snd_ctl_info_aligned>() : pack<wire::snd_ctl_info>();
}

inline std::vector<u8> control_element::item_names() const {
    constexpr usize each = sizeof(wire::snd_ctl_enum_item);
    std::vector<u8> all(each * now_.items.size());
    for (usize i = 0; i < now_.items.size(); ++i)
        std::memcpy(all.data() + i * each, now_.items[i].data(),
                    lesser(now_.items[i].size(), each));
    return all;
}

} // namespace vsnd::model
