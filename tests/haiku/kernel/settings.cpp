// A driver's settings file.

#include <kernel/kernel.hpp>

#include <cstring>
#include <memory>
#include <sstream>

#include <driver_settings.h>

using namespace simulated;

namespace {

// Parameters point into the words, values into the lists of pointers.
struct loaded {
    std::vector<std::unique_ptr<std::string>> words;
    std::vector<std::unique_ptr<std::vector<char*>>> values;
    std::vector<driver_parameter> parameters;
    driver_settings settings{};
};

char* keep(loaded& all, const std::string& word) {
    all.words.push_back(std::make_unique<std::string>(word));
    return all.words.back()->data();
}

const driver_parameter* find(void* handle, const char* key) {
    const auto* const all = static_cast<const loaded*>(handle);
    if (all == nullptr) return nullptr;
    for (const driver_parameter& p : all->parameters)
        if (std::strcmp(p.name, key) == 0) return &p;
    return nullptr;
}

} // namespace

void* load_driver_settings(const char*) {
    may_block("load_driver_settings");
    const kernel_scope inside;
    const std::string& text = kernel::current().settings;
    if (text.empty()) return nullptr;
    auto* const all = new loaded;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        if (!(words >> word)) continue;
        driver_parameter p{};
        p.name = keep(*all, word);
        all->values.push_back(std::make_unique<std::vector<char*>>());
        std::vector<char*>& values = *all->values.back();
        while (words >> word)
            values.push_back(keep(*all, word));
        p.value_count = static_cast<int>(values.size());
        p.values = values.data();
        all->parameters.push_back(p);
    }
    all->settings = {static_cast<int>(all->parameters.size()), all->parameters.data()};
    return all;
}

status_t unload_driver_settings(void* handle) {
    const kernel_scope inside;
    delete static_cast<loaded*>(handle);
    return handle != nullptr ? B_OK : B_BAD_VALUE;
}

const driver_settings* get_driver_settings(void* handle) {
    return handle != nullptr ? &static_cast<const loaded*>(handle)->settings : nullptr;
}

const char* get_driver_parameter(void* handle, const char* key, const char* unknown,
                                 const char* no_argument) {
    const driver_parameter* const p = find(handle, key);
    if (p == nullptr) return unknown;
    return p->value_count == 0 ? no_argument : p->values[0];
}

bool get_driver_boolean_parameter(void* handle, const char* key, bool unknown, bool no_argument) {
    const driver_parameter* const p = find(handle, key);
    if (p == nullptr) return unknown;
    if (p->value_count == 0) return no_argument;
    for (const char* const yes : {"1", "true", "yes", "on", "enable", "enabled"})
        if (std::strcmp(p->values[0], yes) == 0) return true;
    return false;
}
