#pragma once
// The two registers that describe a jack, decoded: the pin default configuration and the pin
// capabilities of High Definition Audio. Numbers that it reserves become `unknown` or are masked.
// Spec: [virtio 1.4] Sound Device / Relationships with the High Definition Audio Specification

#include <vsnd/base/types.hpp>

namespace vsnd {

// What the port leads to.
enum class jack_connectivity : u8 { external, none, internal, both };

// The larger part of the location: where the box is.
enum class jack_chassis : u8 { primary, inside, separate, other };

// The smaller part: where on the box. From rear_panel on they belong to one chassis each.
enum class jack_place : u8 {
    none,
    rear,
    front,
    left,
    right,
    top,
    bottom,
    rear_panel,
    drive_bay,
    riser,
    digital_display,
    atapi,
    lid_inside,
    lid_outside,
    unknown,
};

// What is meant to be connected. The numbers are those of the register.
enum class jack_device : u8 {
    line_out,
    speaker,
    headphones,
    cd,
    spdif_out,
    digital_out,
    modem_line,
    modem_handset,
    line_in,
    aux,
    microphone,
    telephony,
    spdif_in,
    digital_in,
    unknown,
    other,
};

// The connector. The numbers are those of the register; the reserved ones are `unknown`.
enum class jack_connector : u8 {
    unknown,
    mini_jack,  // 1/8 inch
    large_jack, // 1/4 inch
    atapi,
    rca,
    optical,
    other_digital,
    other_analog,
    din,
    xlr,
    rj11,
    combination,
    other = 15,
};

enum class jack_colour : u8 {
    unknown,
    black,
    grey,
    blue,
    green,
    red,
    orange,
    yellow,
    purple,
    pink,
    white = 14,
    other = 15,
};

// The pin default configuration. Defaults are those of a register that is 0.
struct jack_configuration {
    jack_connectivity connectivity = jack_connectivity::external;
    jack_chassis chassis = jack_chassis::primary;
    jack_place place = jack_place::none;
    jack_device device = jack_device::line_out;
    jack_connector connector = jack_connector::unknown;
    jack_colour colour = jack_colour::unknown;
    bool presence_unreliable = false; // detection is overridden: `connected` may be a guess
    u8 association = 0;               // jacks of one association belong together ...
    u8 sequence = 0;                  // ... in this order
    bool malformed = false;           // there was a reserved number or bit

    constexpr bool operator==(const jack_configuration&) const = default;
};

namespace detail {

// Places 7 to 9 mean something else on each chassis.
constexpr jack_place place_of(u32 chassis, u32 number) {
    using enum jack_place;
    constexpr jack_place special[4][3] = {
        {rear_panel, drive_bay, unknown},
        {riser, digital_display, atapi},
        {unknown, unknown, unknown},
        {lid_inside, lid_outside, unknown},
    };
    if (number < 7) return static_cast<jack_place>(number);
    return number < 10 ? special[chassis][number - 7] : unknown;
}

} // namespace detail

constexpr jack_configuration decode_jack_configuration(u32 reg) {
    jack_configuration out;
    const u32 chassis = reg >> 28 & 3;
    const u32 connector = reg >> 16 & 15;
    const u32 colour = reg >> 12 & 15;
    out.connectivity = static_cast<jack_connectivity>(reg >> 30);
    out.chassis = static_cast<jack_chassis>(chassis);
    out.place = detail::place_of(chassis, reg >> 24 & 15);
    out.device = static_cast<jack_device>(reg >> 20 & 15);
    const bool known_connector = connector < 12 || connector == 15;
    const bool known_colour = colour < 10 || colour > 13;
    if (known_connector) out.connector = static_cast<jack_connector>(connector);
    if (known_colour) out.colour = static_cast<jack_colour>(colour);
    out.presence_unreliable = (reg >> 8 & 1) != 0;
    out.association = static_cast<u8>(reg >> 4 & 15);
    out.sequence = static_cast<u8>(reg & 15);
    out.malformed = out.place == jack_place::unknown || out.device == jack_device::unknown ||
                    !known_connector || !known_colour || (reg >> 9 & 7) != 0;
    return out;
}

// The pin capabilities, as bits at their places in the register.
enum class pin_cap : u32 {
    impedance_sense = 1u << 0,
    trigger_required = 1u << 1, // the impedance is sensed only on demand
    presence_detect = 1u << 2,
    headphone_drive = 1u << 3,
    output = 1u << 4,
    input = 1u << 5,
    balanced = 1u << 6,
    hdmi = 1u << 7,
    vref_high_impedance = 1u << 8, // VRef: the voltage offered to a microphone
    vref_50 = 1u << 9,             // in per cent of the supply
    vref_ground = 1u << 10,
    vref_80 = 1u << 12,
    vref_100 = 1u << 13,
    external_amplifier = 1u << 16, // EAPD: it can be powered down
    display_port = 1u << 24,
    high_bit_rate = 1u << 27,
};
inline constexpr u32 known_pin_caps = 0x090137ff;

constexpr const char* to_string(jack_connectivity c) {
    constexpr const char* names[] = {"external", "not connected", "internal", "both"};
    return names[static_cast<u8>(c) & 3];
}

constexpr const char* to_string(jack_chassis c) {
    constexpr const char* names[] = {"primary chassis", "inside", "separate chassis", "other"};
    return names[static_cast<u8>(c) & 3];
}

constexpr const char* to_string(jack_place p) {
    constexpr const char* names[] = {
        "no place",   "rear",        "front",     "left",  "right",           "top",
        "bottom",     "rear panel",  "drive bay", "riser", "digital display", "ATAPI",
        "lid inside", "lid outside",
    };
    return p < jack_place::unknown ? names[static_cast<u8>(p)] : "unknown";
}

constexpr const char* to_string(jack_device d) {
    constexpr const char* names[] = {
        "line out",   "speaker",       "headphones", "CD",    "SPDIF out",  "digital out",
        "modem line", "modem handset", "line in",    "aux",   "microphone", "telephony",
        "SPDIF in",   "digital in",    "unknown",    "other",
    };
    return names[static_cast<u8>(d) & 15];
}

constexpr const char* to_string(jack_connector c) {
    constexpr const char* names[] = {
        "unknown",       "1/8 inch",     "1/4 inch", "ATAPI", "RCA",   "optical",
        "other digital", "other analog", "DIN",      "XLR",   "RJ-11", "combination",
    };
    if (c == jack_connector::other) return "other";
    return c <= jack_connector::combination ? names[static_cast<u8>(c)] : "unknown";
}

constexpr const char* to_string(jack_colour c) {
    constexpr const char* names[] = {
        "unknown", "black", "grey", "blue", "green", "red", "orange", "yellow", "purple", "pink",
    };
    if (c == jack_colour::white) return "white";
    if (c == jack_colour::other) return "other";
    return c <= jack_colour::pink ? names[static_cast<u8>(c)] : "unknown";
}

constexpr const char* to_string(pin_cap cap) {
    switch (cap) {
    case pin_cap::impedance_sense: return "impedance sense";
    case pin_cap::trigger_required: return "trigger required";
    case pin_cap::presence_detect: return "presence detect";
    case pin_cap::headphone_drive: return "headphone drive";
    case pin_cap::output: return "output";
    case pin_cap::input: return "input";
    case pin_cap::balanced: return "balanced";
    case pin_cap::hdmi: return "HDMI";
    case pin_cap::vref_high_impedance: return "VRef Hi-Z";
    case pin_cap::vref_50: return "VRef 50%";
    case pin_cap::vref_ground: return "VRef ground";
    case pin_cap::vref_80: return "VRef 80%";
    case pin_cap::vref_100: return "VRef 100%";
    case pin_cap::external_amplifier: return "EAPD";
    case pin_cap::display_port: return "DisplayPort";
    case pin_cap::high_bit_rate: return "high bit rate";
    }
    return "unknown capability";
}

} // namespace vsnd
