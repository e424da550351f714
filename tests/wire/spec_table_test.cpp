// Every name, size and offset of vsnd::wire against a second reading of the specification.
// [virtio 1.4] Introduction / Structure Specifications

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vsnd/wire/mmio.hpp>
#include <vsnd/wire/packed_ring.hpp>
#include <vsnd/wire/pci.hpp>
#include <vsnd/wire/sound.hpp>
#include <vsnd/wire/sound_controls.hpp>
#include <vsnd/wire/split_ring.hpp>
#include <vsnd/wire/virtio.hpp>

namespace {

using vsnd::u64;
using vsnd::usize;

struct constant_row {
    std::string_view name;
    u64 expected;
    u64 found;
};

struct size_row {
    std::string_view structure;
    usize expected;
    usize found;
};

struct field_row {
    std::string_view structure;
    std::string_view field;
    usize expected_offset;
    usize expected_bytes;
    usize offset;
    usize bytes;
};

constexpr constant_row constants[] = {
#define SPEC_CONSTANT(name, value) {#name, value, static_cast<u64>(vsnd::wire::name)},
#include "spec_table.inc"
};

constexpr size_row sizes[] = {
#define SPEC_SIZE(structure, bytes) {#structure, bytes, sizeof(vsnd::wire::structure)},
#include "spec_table.inc"
};

constexpr field_row fields[] = {
#define SPEC_FIELD(structure, field, offset, bytes)                                                \
    {#structure,                                                                                   \
     #field,                                                                                       \
     offset,                                                                                       \
     bytes,                                                                                        \
     offsetof(vsnd::wire::structure, field),                                                       \
     sizeof(std::declval<vsnd::wire::structure&>().field)},
#include "spec_table.inc"
};

// A row lost by an edit would otherwise go unnoticed.
static_assert(std::size(constants) == 246);
static_assert(std::size(sizes) == 33);
static_assert(std::size(fields) == 141);

} // namespace

TEST_CASE("constants have the values of the specification") {
    for (const auto& row : constants) {
        INFO(row.name);
        CHECK(row.found == row.expected);
    }
}

TEST_CASE("structures have the sizes of the specification") {
    for (const auto& row : sizes) {
        INFO(row.structure);
        CHECK(row.found == row.expected);
    }
}

TEST_CASE("fields lie where the specification puts them") {
    for (const auto& row : fields) {
        INFO(row.structure, ".", row.field);
        CHECK(row.offset == row.expected_offset);
        CHECK(row.bytes == row.expected_bytes);
    }
}

TEST_CASE("the table names each thing once") {
    std::vector<std::string> names;
    for (const auto& row : constants)
        names.emplace_back(row.name);
    for (const auto& row : sizes)
        names.emplace_back(row.structure);
    for (const auto& row : fields)
        names.push_back(std::string(row.structure) + "." + std::string(row.field));
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

// "All structures are assumed to be without additional padding": the fields follow one another.
TEST_CASE("the fields of the table fill each structure without a gap") {
    std::map<std::string_view, usize> end;
    for (const auto& row : fields) {
        INFO(row.structure, ".", row.field);
        if (row.field.find('.') == std::string_view::npos) {
            CHECK(row.expected_offset == end[row.structure]);
            end[row.structure] += row.expected_bytes;
        } else {
            CHECK(row.expected_offset + row.expected_bytes <= end[row.structure]);
        }
    }
    CHECK(end.size() == std::size(sizes));
    for (const auto& row : sizes) {
        INFO(row.structure);
        CHECK(end[row.structure] == row.expected);
    }
}
