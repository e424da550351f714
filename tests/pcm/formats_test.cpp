#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <vsnd/pcm/formats.hpp>

using namespace vsnd;

namespace {

// Written down by hand, one sample each, byte by byte as it lies in memory.
struct silent_sample {
    pcm_format format;
    const char* name;
    u32 width;
    u32 physical;
    std::vector<u8> bytes;
};

const silent_sample samples[] = {
    {pcm_format::ima_adpcm, "IMA_ADPCM", 4, 4, {0x00}},
    {pcm_format::mu_law, "MU_LAW", 8, 8, {0xff}},
    {pcm_format::a_law, "A_LAW", 8, 8, {0xd5}},
    {pcm_format::s8, "S8", 8, 8, {0x00}},
    {pcm_format::u8_, "U8", 8, 8, {0x80}},
    {pcm_format::s16, "S16", 16, 16, {0x00, 0x00}},
    {pcm_format::u16_, "U16", 16, 16, {0x00, 0x80}},
    {pcm_format::s18_3, "S18_3", 18, 24, {0x00, 0x00, 0x00}},
    {pcm_format::u18_3, "U18_3", 18, 24, {0x00, 0x00, 0x02}},
    {pcm_format::s20_3, "S20_3", 20, 24, {0x00, 0x00, 0x00}},
    {pcm_format::u20_3, "U20_3", 20, 24, {0x00, 0x00, 0x08}},
    {pcm_format::s24_3, "S24_3", 24, 24, {0x00, 0x00, 0x00}},
    {pcm_format::u24_3, "U24_3", 24, 24, {0x00, 0x00, 0x80}},
    {pcm_format::s20, "S20", 20, 32, {0x00, 0x00, 0x00, 0x00}},
    {pcm_format::u20, "U20", 20, 32, {0x00, 0x00, 0x08, 0x00}},
    {pcm_format::s24, "S24", 24, 32, {0x00, 0x00, 0x00, 0x00}},
    {pcm_format::u24, "U24", 24, 32, {0x00, 0x00, 0x80, 0x00}},
    {pcm_format::s32_, "S32", 32, 32, {0x00, 0x00, 0x00, 0x00}},
    {pcm_format::u32_, "U32", 32, 32, {0x00, 0x00, 0x00, 0x80}},
    {pcm_format::float32, "FLOAT", 32, 32, {0x00, 0x00, 0x00, 0x00}},
    {pcm_format::float64, "FLOAT64", 64, 64, {0, 0, 0, 0, 0, 0, 0, 0}},
    {pcm_format::dsd_u8, "DSD_U8", 8, 8, {0x69}},
    {pcm_format::dsd_u16, "DSD_U16", 16, 16, {0x69, 0x69}},
    {pcm_format::dsd_u32, "DSD_U32", 32, 32, {0x69, 0x69, 0x69, 0x69}},
    {pcm_format::iec958_subframe, "IEC958_SUBFRAME", 32, 32, {0x00, 0x00, 0x00, 0x00}},
};
static_assert(sizeof samples / sizeof samples[0] == pcm_format_count);

// ITU-T G.711, decoded to 16 bits in the plain way.
int decoded_mu_law(u8 code) {
    const int bits = ~code & 0xff;
    const int magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84;
    return (bits & 0x80) != 0 ? -magnitude : magnitude;
}
int decoded_a_law(u8 code) {
    const int bits = code ^ 0x55;
    const int exponent = (bits & 0x70) >> 4;
    int magnitude = ((bits & 0x0f) << 4) + 8;
    if (exponent != 0) magnitude = (magnitude + 0x100) << (exponent - 1);
    return (bits & 0x80) != 0 ? magnitude : -magnitude;
}

} // namespace

// [virtio 1.4] Sound Device / VIRTIO_SND_R_PCM_INFO
TEST_CASE("formats: widths, names and numbers") {
    u8 number = 0;
    for (const silent_sample& sample : samples) {
        CAPTURE(sample.name);
        CHECK(to_wire(sample.format) == number);
        CHECK(is_known(sample.format));
        CHECK(mask_of(sample.format) == u64{1} << number);
        CHECK(std::string_view(to_string(sample.format)) == sample.name);
        CHECK(sample_bits(sample.format) == sample.width);
        CHECK(physical_bits(sample.format) == sample.physical);
        number++;
    }
}

TEST_CASE("formats: a number that is no format has no size and no kind") {
    for (u32 number = pcm_format_count; number < 256; number++) {
        const auto format = static_cast<pcm_format>(number);
        CHECK_FALSE(is_known(format));
        CHECK(mask_of(format) == 0);
        CHECK(sample_bits(format) == 0);
        CHECK(physical_bits(format) == 0);
        CHECK_FALSE(is_linear(format));
        CHECK(silence_byte(format, 5) == 0);
        CHECK(std::string_view(to_string(format)) == "unknown format");
    }
}

TEST_CASE("formats: kinds follow from the names") {
    for (const silent_sample& sample : samples) {
        CAPTURE(sample.name);
        const std::string_view name = sample.name;
        const bool numbered = name.size() > 1 && name[1] >= '0' && name[1] <= '9';
        CHECK(is_signed(sample.format) == (numbered && name[0] == 'S'));
        CHECK(is_unsigned(sample.format) == (numbered && name[0] == 'U'));
        CHECK(is_linear(sample.format) == numbered);
        CHECK(is_float(sample.format) == (name.substr(0, 5) == "FLOAT"));
        CHECK(is_dsd(sample.format) == (name.substr(0, 3) == "DSD"));
    }
}

TEST_CASE("formats: silence of each, byte by byte") {
    for (const silent_sample& sample : samples) {
        CAPTURE(sample.name);
        std::vector<u8> filled(48, 0xa5);
        fill_silence(span<u8>(filled.data(), filled.size()), sample.format);
        for (usize i = 0; i < filled.size(); i++) {
            CHECK(silence_byte(sample.format, i) == sample.bytes[i % sample.bytes.size()]);
            CHECK(filled[i] == sample.bytes[i % sample.bytes.size()]);
        }
    }
}

TEST_CASE("formats: a fill touches only its buffer, whatever its length") {
    for (const pcm_format format : {pcm_format::u24_3, pcm_format::u16_, pcm_format::u8_}) {
        for (usize count = 0; count < 14; count++) {
            u8 memory[16];
            std::memset(memory, 0xa5, sizeof memory);
            fill_silence(span<u8>(memory + 1, count), format);
            CHECK(memory[0] == 0xa5);
            CHECK(memory[1 + count] == 0xa5);
            for (usize i = 0; i < count; i++) {
                CHECK(memory[1 + i] == silence_byte(format, i));
            }
        }
    }
}

// Silence is the sample nearest to zero; the tables are not believed, the codes are decoded.
TEST_CASE("formats: silence decodes to nothing") {
    CHECK(decoded_mu_law(silence_byte(pcm_format::mu_law, 0)) == 0);
    const int quietest = decoded_a_law(silence_byte(pcm_format::a_law, 0));
    CHECK(quietest > 0);
    for (u32 code = 0; code < 256; code++) {
        const int level = decoded_a_law(static_cast<u8>(code));
        CHECK((level < 0 ? -level : level) >= quietest);
    }
    for (const pcm_format format : {pcm_format::float32, pcm_format::float64}) {
        u8 bytes[8];
        fill_silence(span<u8>(bytes, 8), format);
        float narrow = 1;
        double wide = 1;
        std::memcpy(&narrow, bytes, sizeof narrow);
        std::memcpy(&wide, bytes, sizeof wide);
        CHECK(narrow == 0.0f);
        CHECK(wide == 0.0);
    }
    u32 ones = 0;
    for (u32 bits = silence_byte(pcm_format::dsd_u32, 3); bits != 0; bits >>= 1) {
        ones += bits & 1;
    }
    CHECK(ones == 4);
}

static_assert([] {
    u8 bytes[6] = {1, 1, 1, 1, 1, 1};
    fill_silence(span<u8>(bytes), pcm_format::u20_3);
    return bytes[2] == 8 && bytes[5] == 8 && bytes[0] == 0 && bytes[4] == 0;
}());
