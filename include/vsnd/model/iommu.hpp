#pragma once
// An IOMMU between the device and the guest's memory: page by page it translates bus addresses into
// physical ones, of which neighbours on the bus are none in memory. What it has no page for is a
// fault.
// Spec: [virtio 1.4] Reserved Feature Bits, ACCESS_PLATFORM

#include <map>
#include <optional>

#include <vsnd/base/types.hpp>

namespace vsnd::model {

class iommu {
  public:
    static constexpr u64 page_bytes = 4096;
    static constexpr u64 page_of(u64 address) { return address & ~(page_bytes - 1); }

    // Maps whole pages, each to one that is free and next to none of the others.
    void map(u64 bus, u64 bytes) {
        for (u64 page = page_of(bus); page < bus + bytes; page += page_bytes) {
            pages_[page] = next_;
            next_ += 3 * page_bytes;
        }
    }
    void unmap(u64 bus, u64 bytes) {
        for (u64 page = page_of(bus); page < bus + bytes; page += page_bytes)
            pages_.erase(page);
    }
    // The physical address; nothing: a fault.
    std::optional<u64> translate(u64 bus) const {
        const auto found = pages_.find(page_of(bus));
        if (found == pages_.end()) return {};
        return found->second + bus % page_bytes;
    }
    usize pages() const { return pages_.size(); }

  private:
    std::map<u64, u64> pages_;
    u64 next_ = 0x4'0000'0000; // physical
};

} // namespace vsnd::model
