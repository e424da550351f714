// Every number of the two registers of High Definition Audio that describe a jack.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <vsnd/sound/hda_pin.hpp>

using namespace vsnd;

namespace {

using strings = std::vector<std::string>;

// The names of what one field of four bits decodes to.
template <class Name>
strings names_of(u32 shift, u32 base, Name name) {
    strings out;
    for (u32 number = 0; number < 16; number++) {
        out.push_back(name(decode_jack_configuration(base | number << shift)));
    }
    return out;
}

} // namespace

// [virtio 1.4] Sound Device / VIRTIO_SND_R_JACK_INFO
TEST_CASE("hda_pin: a whole register") {
    // A green 1/8 inch headphone jack at the front, group 2, second in it, no presence detection.
    const jack_configuration c = decode_jack_configuration(0x02214121);
    CHECK(c.connectivity == jack_connectivity::external);
    CHECK(c.chassis == jack_chassis::primary);
    CHECK(c.place == jack_place::front);
    CHECK(c.device == jack_device::headphones);
    CHECK(c.connector == jack_connector::mini_jack);
    CHECK(c.colour == jack_colour::green);
    CHECK(c.presence_unreliable);
    CHECK(c.association == 2);
    CHECK(c.sequence == 1);
    CHECK_FALSE(c.malformed);
    CHECK(decode_jack_configuration(0) == jack_configuration{});
    static_assert(decode_jack_configuration(0x90a60140).device == jack_device::microphone);
}

TEST_CASE("hda_pin: devices") {
    CHECK(names_of(20, 0, [](auto c) { return to_string(c.device); }) ==
          strings{"line out", "speaker", "headphones", "CD", "SPDIF out", "digital out",
                  "modem line", "modem handset", "line in", "aux", "microphone", "telephony",
                  "SPDIF in", "digital in", "unknown", "other"});
}

TEST_CASE("hda_pin: connectors") {
    CHECK(names_of(16, 0, [](auto c) { return to_string(c.connector); }) ==
          strings{"unknown", "1/8 inch", "1/4 inch", "ATAPI", "RCA", "optical", "other digital",
                  "other analog", "DIN", "XLR", "RJ-11", "combination", "unknown", "unknown",
                  "unknown", "other"});
}

TEST_CASE("hda_pin: colours") {
    CHECK(names_of(12, 0, [](auto c) { return to_string(c.colour); }) ==
          strings{"unknown", "black", "grey", "blue", "green", "red", "orange", "yellow", "purple",
                  "pink", "unknown", "unknown", "unknown", "unknown", "white", "other"});
}

TEST_CASE("hda_pin: places depend on the chassis") {
    const auto place = [](auto c) { return to_string(c.place); };
    const strings common{"no place", "rear", "front", "left", "right", "top", "bottom"};
    const std::vector<strings> special = {
        {"rear panel", "drive bay", "unknown"},
        {"riser", "digital display", "ATAPI"},
        {"unknown", "unknown", "unknown"},
        {"lid inside", "lid outside", "unknown"},
    };
    for (u32 chassis = 0; chassis < 4; chassis++) {
        CAPTURE(chassis);
        strings expected = common;
        expected.insert(expected.end(), special[chassis].begin(), special[chassis].end());
        expected.resize(16, "unknown");
        CHECK(names_of(24, chassis << 28, place) == expected);
    }
}

TEST_CASE("hda_pin: connectivity and chassis") {
    const strings connectivity{"external", "not connected", "internal", "both"};
    const strings chassis{"primary chassis", "inside", "separate chassis", "other"};
    for (u32 i = 0; i < 4; i++) {
        CHECK(to_string(decode_jack_configuration(i << 30).connectivity) == connectivity[i]);
        CHECK(to_string(decode_jack_configuration(i << 28).chassis) == chassis[i]);
    }
}

TEST_CASE("hda_pin: reserved numbers and bits are malformed, all others are not") {
    const auto malformed = [](u32 reg) { return decode_jack_configuration(reg).malformed; };
    for (u32 number = 0; number < 16; number++) {
        CAPTURE(number);
        CHECK(malformed(number << 24) == (number > 8));
        CHECK(malformed(1u << 28 | number << 24) == (number > 9));
        CHECK(malformed(2u << 28 | number << 24) == (number > 6));
        CHECK(malformed(3u << 28 | number << 24) == (number > 8));
        CHECK(malformed(number << 20) == (number == 14));
        CHECK(malformed(number << 16) == (number > 11 && number < 15));
        CHECK(malformed(number << 12) == (number > 9 && number < 14));
        CHECK(malformed(number << 8) == (number > 1));
        CHECK_FALSE(malformed(number << 4 | number));
    }
}

TEST_CASE("hda_pin: each capability has a bit and a name of its own") {
    std::set<std::string> names;
    for (u32 bit = 0; bit < 32; bit++) {
        const u32 mask = 1u << bit;
        const std::string name = to_string(static_cast<pin_cap>(mask));
        CAPTURE(bit);
        CHECK((name == "unknown capability") == ((known_pin_caps & mask) == 0));
        names.insert(name);
    }
    CHECK(names.size() == 16 + 1);
    CHECK(to_string(pin_cap::vref_80) == std::string_view("VRef 80%"));
    CHECK(static_cast<u32>(pin_cap::vref_100) == 0x20u << 8);
    CHECK(static_cast<u32>(pin_cap::external_amplifier) == 0x10000);
}

TEST_CASE("hda_pin: names of numbers that do not exist") {
    for (u32 number = 0; number < 256; number++) {
        CHECK(to_string(static_cast<jack_connectivity>(number)) != nullptr);
        CHECK(to_string(static_cast<jack_chassis>(number)) != nullptr);
        CHECK(to_string(static_cast<jack_device>(number)) != nullptr);
        const bool other = number == 15;
        const bool white = number == 14;
        if (number > 13) {
            CHECK(std::string_view(to_string(static_cast<jack_place>(number))) == "unknown");
        }
        if (number > 11) {
            CHECK(std::string_view(to_string(static_cast<jack_connector>(number))) ==
                  (other ? "other" : "unknown"));
        }
        if (number > 9) {
            CHECK(std::string_view(to_string(static_cast<jack_colour>(number))) ==
                  (other   ? "other"
                   : white ? "white"
                           : "unknown"));
        }
    }
}
