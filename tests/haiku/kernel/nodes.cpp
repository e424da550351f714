#include <kernel/kernel.hpp>
#include <kernel/nodes.hpp>

#include <cstring>

// What a kernel add-on exports.
extern module_info* modules[] __attribute__((weak));
extern module_dependency module_dependencies[] __attribute__((weak));

const device_node::attribute* device_node::find(const char* name, type_code type,
                                                bool recursive) const {
    for (const device_node* n = this; n != nullptr; n = recursive ? n->parent : nullptr)
        for (const attribute& a : n->attributes)
            if (a.name == name && a.type == type) return &a;
    return nullptr;
}

namespace simulated {

namespace {

constexpr const char* driver_prefix = "drivers/audio/hmulti/";
constexpr const char* driver_suffix = "/driver_v1";

// The driver that a scan of /dev/audio finds.
driver_module_info* find_driver() {
    for (usize i = 0; modules != nullptr && modules[i] != nullptr; ++i) {
        const std::string name = modules[i]->name;
        const usize rest = name.size() - std::strlen(driver_suffix);
        if (name.rfind(driver_prefix, 0) == 0 && name.rfind(driver_suffix) == rest)
            return reinterpret_cast<driver_module_info*>(modules[i]);
    }
    return nullptr;
}

status_t operate(module_info& m, int32 operation) {
    return m.std_ops != nullptr ? m.std_ops(operation) : B_OK;
}

template <class T>
status_t number(const device_node* node, const char* name, type_code type, T* value,
                bool recursive) {
    const auto* const found = node->find(name, type, recursive);
    if (found == nullptr) return B_NAME_NOT_FOUND;
    *value = static_cast<T>(found->number);
    return B_OK;
}

} // namespace

module_info* find_module(const char* name) {
    for (usize i = 0; modules != nullptr && modules[i] != nullptr; ++i)
        if (std::strcmp(modules[i]->name, name) == 0) return modules[i];
    return nullptr;
}

device_manager::device_manager(virtio_bus& bus) : bus_(bus) {
    root_.module = "busses/virtio/virtio_pci";
    root_.attributes = {{VIRTIO_DEVICE_TYPE_ITEM, B_UINT16_TYPE, VIRTIO_DEVICE_ID_SOUND, ""},
                        {VIRTIO_VRING_ALIGNMENT_ITEM, B_UINT16_TYPE, 4096, ""},
                        {VIRTIO_VERSION_ITEM, B_UINT8_TYPE, 1, ""}};
    sound_.parent = &root_;
    sound_.module = VIRTIO_DEVICE_MODULE_NAME;
    sound_.attributes = {{B_DEVICE_BUS, B_STRING_TYPE, 0, "virtio"},
                         {VIRTIO_DEVICE_TYPE_ITEM, B_UINT16_TYPE, VIRTIO_DEVICE_ID_SOUND, ""}};
    sound_.driver = const_cast<driver_module_info*>(&virtio_bus::functions().info);
    sound_.cookie = &bus_;
    sound_.driver_ready = true;
}

status_t device_manager::probe() {
    for (usize i = 0; module_dependencies != nullptr && module_dependencies[i].name != nullptr; ++i)
        if (get_module(module_dependencies[i].name, module_dependencies[i].info) != B_OK)
            stop(std::string("a module that does not exist: ") + module_dependencies[i].name);
    driver_module_info* const driver = find_driver();
    if (driver == nullptr) return B_ENTRY_NOT_FOUND;
    for (usize i = 0; modules[i] != nullptr; ++i)
        if (const status_t code = operate(*modules[i], B_MODULE_INIT); code != B_OK) return code;
    if (driver->supports_device(&sound_) <= 0) return B_DEVICE_NOT_FOUND;
    const status_t code = driver->register_device(&sound_);
    if (code != B_OK) return code;
    for (const auto& n : nodes_)
        if (const status_t started = start_driver(*n); started != B_OK) return started;
    return B_OK;
}

status_t device_manager::start_driver(device_node& node) {
    const status_t code = node.driver->init_driver(&node, &node.cookie);
    if (code != B_OK) return code;
    node.driver_ready = true;
    if (node.driver->register_child_devices == nullptr) return B_OK;
    return node.driver->register_child_devices(node.cookie);
}

status_t device_manager::restart_driver() {
    for (const auto& n : nodes_) {
        devices_.clear();
        n->driver->uninit_driver(n->cookie);
        n->driver_ready = false;
        if (const status_t code = start_driver(*n); code != B_OK) return code;
    }
    return B_OK;
}

void device_manager::remove() {
    for (const auto& n : nodes_) {
        if (!n->driver_ready) continue;
        n->driver_ready = false;
        if (n->driver->device_removed != nullptr) n->driver->device_removed(n->cookie);
        if (n->driver->uninit_driver != nullptr) n->driver->uninit_driver(n->cookie);
    }
    nodes_.clear();
    devices_.clear();
    for (usize i = 0; modules != nullptr && modules[i] != nullptr; ++i)
        (void)operate(*modules[i], B_MODULE_UNINIT);
}

status_t device_manager::register_node(device_node* parent, const char* module,
                                       const device_attr* attributes, device_node** node) {
    const kernel_scope inside;
    auto made = std::make_unique<device_node>();
    made->parent = parent;
    made->module = module;
    made->driver = reinterpret_cast<driver_module_info*>(find_module(module));
    if (made->driver == nullptr) return B_NAME_NOT_FOUND;
    for (const device_attr* a = attributes; a != nullptr && a->name != nullptr; ++a) {
        device_node::attribute copy{a->name, a->type, 0, ""};
        switch (a->type) {
        case B_STRING_TYPE: copy.text = a->value.string; break;
        case B_UINT8_TYPE: copy.number = a->value.ui8; break;
        case B_UINT16_TYPE: copy.number = a->value.ui16; break;
        case B_UINT32_TYPE: copy.number = a->value.ui32; break;
        case B_UINT64_TYPE: copy.number = a->value.ui64; break;
        default: return B_BAD_TYPE;
        }
        made->attributes.push_back(std::move(copy));
    }
    if (node != nullptr) *node = made.get();
    nodes_.push_back(std::move(made));
    return B_OK;
}

// --- The device file system. ---

status_t device_manager::open(const std::string& path, int mode, handle& h) {
    const std::lock_guard<std::mutex> one(opening_);
    for (published& d : devices_) {
        if (d.path != path) continue;
        if (d.users == 0) {
            const status_t code = d.module->init_device(d.node->cookie, &d.cookie);
            if (code != B_OK) return code;
        }
        ++d.users;
        h.device = &d;
        const status_t code = d.module->open(d.cookie, path.c_str(), mode, &h.cookie);
        if (code == B_OK) return B_OK;
        if (--d.users == 0) d.module->uninit_device(d.cookie);
        h = {};
        return code;
    }
    return B_ENTRY_NOT_FOUND;
}

status_t device_manager::control(const handle& h, u32 op, u64 argument, usize length) {
    return h.device->module->control(h.cookie, op, reinterpret_cast<void*>(argument), length);
}

void device_manager::close(handle& h) {
    if (h.device == nullptr) return;
    (void)h.device->module->close(h.cookie);
    (void)h.device->module->free(h.cookie);
    const std::lock_guard<std::mutex> one(opening_);
    if (--h.device->users == 0) h.device->module->uninit_device(h.device->cookie);
    h = {};
}

// --- The functions that a driver calls. ---

struct node_functions {
    static device_manager& here() { return kernel::current().nodes; }

    static status_t register_node(device_node* parent, const char* module,
                                  const device_attr* attributes, const io_resource*,
                                  device_node** node) {
        return here().register_node(parent, module, attributes, node);
    }
    static status_t get_driver(device_node* node, driver_module_info** module, void** cookie) {
        if (!node->driver_ready) return B_NO_INIT;
        if (module != nullptr) *module = node->driver;
        if (cookie != nullptr) *cookie = node->cookie;
        return B_OK;
    }
    static device_node* get_parent_node(device_node* node) {
        if (node->parent != nullptr) ++node->parent->references;
        return node->parent;
    }
    static void put_node(device_node* node) { --node->references; }
    static status_t publish_device(device_node* node, const char* path, const char* module) {
        const kernel_scope inside;
        auto* const found = reinterpret_cast<device_module_info*>(find_module(module));
        if (found == nullptr) return B_NAME_NOT_FOUND;
        here().devices_.push_back({path, node, found});
        return B_OK;
    }
    static status_t unpublish_device(device_node*, const char* path) {
        const kernel_scope inside;
        return std::erase_if(here().devices_, [&](const auto& d) { return d.path == path; }) != 0
                   ? B_OK
                   : B_ENTRY_NOT_FOUND;
    }
    static int32 create_id(const char* generator) {
        const kernel_scope inside;
        std::vector<bool>& used = here().ids_[generator];
        usize id = 0;
        while (id < used.size() && used[id])
            ++id;
        if (id == used.size()) used.push_back(false);
        used[id] = true;
        return static_cast<int32>(id);
    }
    static status_t free_id(const char* generator, uint32 id) {
        const kernel_scope inside;
        std::vector<bool>& used = here().ids_[generator];
        if (id >= used.size() || !used[id]) return B_BAD_INDEX;
        used[id] = false;
        return B_OK;
    }
    static status_t get_string(const device_node* node, const char* name, const char** value,
                               bool recursive) {
        const auto* const found = node->find(name, B_STRING_TYPE, recursive);
        if (found == nullptr) return B_NAME_NOT_FOUND;
        *value = found->text.c_str();
        return B_OK;
    }
    static status_t get_8(const device_node* n, const char* name, uint8* value, bool recursive) {
        return number(n, name, B_UINT8_TYPE, value, recursive);
    }
    static status_t get_16(const device_node* n, const char* name, uint16* value, bool recursive) {
        return number(n, name, B_UINT16_TYPE, value, recursive);
    }
    static status_t get_32(const device_node* n, const char* name, uint32* value, bool recursive) {
        return number(n, name, B_UINT32_TYPE, value, recursive);
    }
    static status_t get_64(const device_node* n, const char* name, uint64* value, bool recursive) {
        return number(n, name, B_UINT64_TYPE, value, recursive);
    }
};

const device_manager_info& device_manager::functions() {
    static const device_manager_info all = [] {
        device_manager_info f{};
        f.info.name = B_DEVICE_MANAGER_MODULE_NAME;
        f.register_node = node_functions::register_node;
        f.get_driver = node_functions::get_driver;
        f.get_parent_node = node_functions::get_parent_node;
        f.put_node = node_functions::put_node;
        f.publish_device = node_functions::publish_device;
        f.unpublish_device = node_functions::unpublish_device;
        f.create_id = node_functions::create_id;
        f.free_id = node_functions::free_id;
        f.get_attr_uint8 = node_functions::get_8;
        f.get_attr_uint16 = node_functions::get_16;
        f.get_attr_uint32 = node_functions::get_32;
        f.get_attr_uint64 = node_functions::get_64;
        f.get_attr_string = node_functions::get_string;
        return f;
    }();
    return all;
}

} // namespace simulated
