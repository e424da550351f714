#pragma once
// What a device says when it is asked why it interrupted.

namespace vsnd {

// Both may be true.
struct interrupt_cause {
    bool queue = false;
    bool config_change = false;

    constexpr bool any() const { return queue || config_change; }
};

} // namespace vsnd
