#pragma once
// The control queue: decodes a request, has it done, and writes the answer. Every request that
// the protocol defines is known here.
// Spec: [virtio 1.4] Sound Device / Device Operation

#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <vsnd/model/element_requests.hpp>
#include <vsnd/model/pcm_control.hpp>

namespace vsnd::model {

class control {
  public:
    control(device_core& core, std::deque<pcm_stream>& streams,
            std::deque<control_element>& elements)
        : core_(core), streams_(streams), elements_(elements), pcm_(core),
          element_requests_(core, elements) {}

    // Everything new in the queue, in order.
    void process() {
        while (auto chain = core_.queues[wire::SND_VQ_CONTROL].pop()) {
            accept(std::move(*chain));
            if (core_.faults.gone) return;
        }
    }
    // Requests whose time has come.
    void sync() {
        while (next_event() <= core_.now_ns && !core_.faults.gone) {
            waiting w = std::move(waiting_.front());
            waiting_.pop_front();
            serve(w);
        }
    }
    u64 next_event() const { return waiting_.empty() ? fault_set::never : waiting_.front().due_ns; }
    void reset() {
        waiting_.clear();
        unanswered_.clear();
    }
    usize unanswered() const { return unanswered_.size(); }
    bool idle() const { return waiting_.empty(); }
    element_requests& to_elements() { return element_requests_; }

  private:
    struct waiting {
        device_chain chain;
        std::vector<u8> request;
        request_fault fault;
        bool faulty = false;
        u64 due_ns = 0;
        u32 code = 0;
        u32 stream = trace_event::none;
    };
    using answer = control_answer;
    using items = std::vector<std::vector<u8>>; // each as CTL_INFO and the others tell it

    void accept(device_chain chain);
    void serve(waiting& w);
    void send(const waiting& w, const answer& a);
    void log(const waiting& w, u32 answered) {
        core_.trace.add({core_.now_ns, trace_kind::request, 0, w.stream, w.code, answered});
    }
    // Its first bytes say all that there is to say of most requests.
    void log_asked(const waiting& w) {
        if (!core_.trace.on()) return;
        u64 words[3] = {};
        std::memcpy(words, w.request.data(), lesser(sizeof(words), w.request.size()));
        core_.trace.add({core_.now_ns, trace_kind::asked, wire::SND_VQ_CONTROL, w.stream, words[0],
                         words[1], words[2]});
    }
    answer execute(const std::vector<u8>& request, u64 response_bytes);
    answer jack(u32 code, const std::vector<u8>& request, u64 response_bytes);
    answer pcm(u32 code, const std::vector<u8>& request);
    answer of_elements(u32 code, const std::vector<u8>& request, u64 response_bytes);
    answer query(const std::vector<u8>& request, u64 response_bytes, const items& all);
    template <class Item>
    static items items_of(const std::vector<Item>& all);
    items element_infos(const std::vector<u8>& request) const;
    std::vector<wire::snd_pcm_info> pcm_infos() const;
    bool find_fault(u32 code, waiting& w);
    static void spoil(const request_fault& fault, std::vector<u8>& payload);
    static constexpr bool is_query(u32 code) {
        return code == wire::SND_R_JACK_INFO || code == wire::SND_R_PCM_INFO ||
               code == wire::SND_R_CHMAP_INFO || code == wire::SND_R_CTL_INFO;
    }

    template <class Message>
    bool parse(const std::vector<u8>& request, Message& into) {
        if (request.size() != sizeof(into)) return false;
        std::memcpy(&into, request.data(), sizeof(into));
        return true;
    }
    answer malformed(const std::vector<u8>& request) {
        core_.violate(violation::request_layout,
                      "a request of " + std::to_string(request.size()) + " bytes");
        return {wire::SND_S_BAD_MSG, {}};
    }

    static constexpr usize longest_request = 128 * 1024;
    device_core& core_;
    std::deque<pcm_stream>& streams_;
    std::deque<control_element>& elements_;
    pcm_control pcm_;
    element_requests element_requests_;
    std::deque<waiting> waiting_;
    std::vector<device_chain> unanswered_;
};

inline void control::accept(device_chain chain) {
    waiting w;
    w.request.resize(static_cast<usize>(lesser(chain.readable_bytes, u64{longest_request})));
    core_.queues[wire::SND_VQ_CONTROL].read(chain.readable, 0, w.request.data(), w.request.size());
    w.chain = std::move(chain);
    if (w.request.size() < sizeof(wire::snd_hdr) ||
        w.chain.writable_bytes < sizeof(wire::snd_hdr)) {
        core_.violate(violation::request_layout, std::to_string(w.request.size()) +
                                                     " bytes, room for " +
                                                     std::to_string(w.chain.writable_bytes));
        return send(w, {wire::SND_S_BAD_MSG, {}});
    }
    wire::snd_pcm_hdr header{};
    std::memcpy(&header, w.request.data(), lesser(sizeof(header), w.request.size()));
    w.code = header.hdr.code;
    if (w.code > wire::SND_R_PCM_INFO && w.code <= wire::SND_R_PCM_STOP)
        w.stream = header.stream_id;
    log_asked(w);
    w.faulty = find_fault(w.code, w);
    w.due_ns = core_.now_ns + core_.profile.control_delay_ns;
    if (w.code == wire::SND_R_PCM_RELEASE && w.stream < streams_.size())
        w.due_ns += streams_[w.stream].release_wait_ns();
    if (w.faulty && w.fault.what == request_fault::kind::late) w.due_ns += w.fault.late_ns;
    // Answers keep their order: a late one holds up those behind it.
    if (!waiting_.empty()) w.due_ns = greater(w.due_ns, waiting_.back().due_ns);
    waiting_.push_back(std::move(w));
    sync();
}

inline bool control::find_fault(u32 code, waiting& w) {
    for (request_fault& f : core_.faults.requests) {
        if ((f.code != request_fault::any && f.code != code) || f.times == 0) continue;
        if (f.skip != 0) {
            --f.skip;
            continue;
        }
        if (f.times != request_fault::always) --f.times;
        w.fault = f;
        return true;
    }
    return false;
}

inline void control::serve(waiting& w) {
    using kind = request_fault::kind;
    const auto never = [&] {
        log(w, 0);
        unanswered_.push_back(std::move(w.chain));
    };
    if (w.faulty && w.fault.what == kind::no_answer) return never();
    if (w.faulty && w.fault.what == kind::answer) return send(w, {w.fault.answer, {}});
    const u32 parts = core_.profile.info_descriptors;
    const bool whole = parts == 0 || !is_query(w.code) ||
                       w.chain.readable.size() + w.chain.writable.size() == parts;
    answer a = whole ? execute(w.request, w.chain.writable_bytes) : answer{wire::SND_S_BAD_MSG, {}};
    if (a.code == 0) return never();
    if (w.faulty) spoil(w.fault, a.payload);
    send(w, a);
}

inline void control::spoil(const request_fault& fault, std::vector<u8>& payload) {
    using kind = request_fault::kind;
    if (fault.what == kind::garbage)
        for (usize i = 0; i < payload.size(); ++i)
            payload[i] = static_cast<u8>(0xff - i * 7);
    if (fault.what == kind::cut) payload.resize(lesser(payload.size(), usize{fault.keep_bytes}));
    if (fault.what == kind::edited && fault.edit) fault.edit(payload);
}

inline void control::send(const waiting& w, const answer& a) {
    std::vector<u8> bytes(sizeof(wire::snd_hdr));
    wire::snd_hdr header{};
    header.code = core_.told(a.code);
    std::memcpy(bytes.data(), &header, sizeof(header));
    bytes.insert(bytes.end(), a.payload.begin(), a.payload.end());
    device_queue& q = core_.queues[wire::SND_VQ_CONTROL];
    u32 written = static_cast<u32>(q.write(w.chain.writable, 0, bytes.data(), bytes.size()));
    if (!a.payload.empty() && core_.profile.info_used_bytes != 0)
        written = core_.profile.info_used_bytes;
    log(w, header.code);
    core_.complete(wire::SND_VQ_CONTROL, w.chain, written);
}

} // namespace vsnd::model

#include <vsnd/model/control_requests.hpp>
