#pragma once
// A Haiku kernel with one virtio sound device, for one driver. There is one at a time, and the
// functions that it exports (exports.cpp) are its own.
//
//     simulated::kernel k(model::qemu_profile());
//     k.nodes.probe();                                  // the driver publishes its device
//     simulated::device_manager::handle h;
//     k.nodes.open(k.path(), O_WRONLY, h);
//     k.nodes.control(h, B_MULTI_GET_DESCRIPTION, k.space.map_user(4096), sizeof(...));
//     CHECK(k.complaints() == "");

#include <kernel/address_space.hpp>
#include <kernel/bus.hpp>
#include <kernel/nodes.hpp>

namespace simulated {

class kernel {
  public:
    explicit kernel(vsnd::model::device_profile profile = vsnd::model::qemu_profile(),
                    bool delivers_features = false);
    ~kernel();
    kernel(const kernel&) = delete;
    kernel& operator=(const kernel&) = delete;
    static kernel& current();

    machine hardware;
    address_space space;
    virtio_bus bus;
    device_manager nodes;
    // The driver's settings file: a parameter in each line, its values behind it.
    std::string settings;

    struct semaphore {
        int32 count = 0;
        bool deleted = false;
    };
    std::map<int32, semaphore> semaphores;
    std::vector<std::string> log; // what the driver wrote with dprintf

    std::string path() const { return nodes.devices().empty() ? "" : nodes.devices()[0].path; }
    u64 now_us() const { return hardware.now_ns() / 1000; }
    vsnd::model::sound_device& device() { return hardware.device; }

    // Each MUST of the specification that the driver broke, in lines, and what it did to memory that
    // it had freed. (The bus manager's own sins are not the driver's.)
    std::string complaints();
    // Unloads the driver: what it took and did not give back.
    std::string leftovers();

  private:
    usize heap_before_;
    usize areas_before_;
};

} // namespace simulated
