#pragma once
// The device manager: nodes with attributes, drivers that take them, devices with paths.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <kernel/bus.hpp>

// Opaque to drivers.
struct device_node {
    struct attribute {
        std::string name;
        type_code type;
        u_int64_t number = 0;
        std::string text;
    };
    device_node* parent = nullptr;
    std::string module;
    std::vector<attribute> attributes;
    driver_module_info* driver = nullptr;
    void* cookie = nullptr;
    bool driver_ready = false;
    int references = 1;

    const attribute* find(const char* name, type_code type, bool recursive) const;
};

namespace simulated {

class device_manager {
  public:
    explicit device_manager(virtio_bus& bus);
    device_manager(const device_manager&) = delete;
    device_manager& operator=(const device_manager&) = delete;

    // Offers the sound device to the driver, as when /dev/audio is scanned.
    status_t probe();
    // Stops the driver and starts it again on its node; the device manager may do so at any time
    // while no device is open.
    status_t restart_driver();
    // Unloads the driver.
    void remove();

    struct published {
        std::string path;
        device_node* node;
        device_module_info* module;
        void* cookie = nullptr;
        u32 users = 0;
    };
    const std::vector<published>& devices() const { return devices_; }
    const std::map<std::string, std::vector<bool>>& ids() const { return ids_; }
    // Nodes that the driver took with get_parent_node and did not put back.
    int references_kept() const { return root_.references + sound_.references - 2; }
    device_node& sound() { return sound_; }

    // open, close and ioctl, as the device file system does them.
    struct handle {
        published* device = nullptr;
        void* cookie = nullptr;
    };
    status_t open(const std::string& path, int mode, handle& h);
    status_t control(const handle& h, u32 op, u64 argument, usize length);
    void close(handle& h);

    static const device_manager_info& functions();

  private:
    friend struct node_functions;
    status_t register_node(device_node* parent, const char* module, const device_attr* attributes,
                           device_node** node);
    status_t start_driver(device_node& node);

    virtio_bus& bus_;
    device_node root_;
    device_node sound_;
    std::vector<std::unique_ptr<device_node>> nodes_;
    std::vector<published> devices_;
    std::map<std::string, std::vector<bool>> ids_;
    std::mutex opening_;
};

// What the add-on exports; null when there is none of this name.
module_info* find_module(const char* name);

} // namespace simulated
