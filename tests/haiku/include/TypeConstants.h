#pragma once
// Types of attributes: four characters each.

enum {
    B_RAW_TYPE = 0x52415754,
    B_STRING_TYPE = 0x43535452,
    B_UINT8_TYPE = 0x55425954,
    B_UINT16_TYPE = 0x55534854,
    B_UINT32_TYPE = 0x554c4e47,
    B_UINT64_TYPE = 0x554c4c47
};
