#include "machine.hpp"

#include <algorithm>
#include <functional>

namespace vsnd::play {
namespace {

constexpr u64 message_address = 0xfee00000;

} // namespace

u8* machine_kernel::map_bar(u32 bar, u64 offset, usize bytes) {
    const u64 size = bar < windows_.size() ? function_.bar_bytes(bar) : 0;
    if (offset > size || bytes > size - offset) return nullptr;
    windows_[bar].resize(static_cast<usize>(size));
    return windows_[bar].data() + offset;
}

machine_kernel::place machine_kernel::find(const u8* address) const {
    for (u32 bar = 0; bar < windows_.size(); ++bar) {
        const std::vector<u8>& window = windows_[bar];
        const std::less<const u8*> before;
        if (window.empty() || before(address, window.data())) continue;
        if (before(address, window.data() + window.size())) {
            return {bar, static_cast<u64>(address - window.data())};
        }
    }
    return {~u32{0}, 0};
}

u32 machine_kernel::register_read(const u8* address, u32 bytes) {
    const place at = find(address);
    return function_.bar_read(at.bar, at.offset, bytes);
}

void machine_kernel::register_write(u8* address, u32 bytes, u32 value) {
    const place at = find(address);
    function_.bar_write(at.bar, at.offset, bytes, value);
}

void machine_kernel::wait(u64 most_ns) {
    model::sound_device& device = function_.device();
    if (device.interrupts_pending()) return device.deliver_interrupts();
    const u64 now = device.now_ns();
    const u64 next = device.next_event();
    const u64 until_next = next > now ? next - now : 0;
    device.advance(std::min(most_ns, until_next));
}

machine::machine(const model::device_profile& profile)
    : device(memory, profile), function(device), kernel(function, memory) {
    function.on_vector = [this](u32 vector) { interrupt(vector); };
}

status_code machine::open() {
    for (u32 i = 0; i < interrupt_setup::most_messages; ++i)
        messages_[i] = {message_address, i};
    pci.init(kernel, interrupt_setup::msix(span<const msix_message>(messages_)));
    return sound_card.open(pci, memory.allocate(card_bytes(), card_alignment));
}

void machine::interrupt(u32 vector) {
    if (vector == 0) return sound_card.config_changed();
    while (sound_card.pump(vector - 1, default_budget)) {
    }
}

} // namespace vsnd::play
