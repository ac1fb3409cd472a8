// Frames through libpcap, one handle an interface, opened when first needed.
//
// Nothing is captured: the filter refuses every packet, so the kernel's buffer stays empty.

#include <net/if.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>

#include "core/limits.h"
#include "packet/ethernet.h"
#include "packet/injector.h"

namespace vippy::packet {

namespace {

constexpr int kSnapOctets = 64;            // nothing is read; some systems refuse less
constexpr int kBufferOctets = 64 * 1024;   // the default is 2 MiB an interface
constexpr int kTimeoutMs = 1;              // some systems refuse 0

struct Close {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using Handle = std::unique_ptr<pcap_t, Close>;

int activation_error(int status) {
  switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE: return ENODEV;
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED: return EPERM;
    case PCAP_ERROR_IFACE_NOT_UP: return ENETDOWN;
    default: return errno != 0 ? errno : EIO;
  }
}

int refuse_everything(pcap_t* handle) {
  bpf_insn reject = BPF_STMT(BPF_RET | BPF_K, 0);
  bpf_program program{1, &reject};
  return pcap_setfilter(handle, &program) == 0 ? 0 : EIO;
}

int activate(pcap_t* handle) {
  pcap_set_snaplen(handle, kSnapOctets);
  pcap_set_promisc(handle, 0);
  pcap_set_timeout(handle, kTimeoutMs);
  pcap_set_immediate_mode(handle, 1);
  pcap_set_buffer_size(handle, kBufferOctets);
  errno = 0;
  const int status = pcap_activate(handle);
  if (status < 0) return activation_error(status);
  if (pcap_datalink(handle) != DLT_EN10MB) return EAFNOSUPPORT;
  std::array<char, PCAP_ERRBUF_SIZE> text{};
  if (pcap_setnonblock(handle, 1, text.data()) != 0) return EIO;
  return refuse_everything(handle);
}

class PcapInjector final : public Injector {
 public:
  [[nodiscard]] std::string_view name() const override { return "pcap"; }

  [[nodiscard]] int inject(std::uint32_t interface_index,
                           std::span<const std::uint8_t> frame) override {
    if (frame.size() < kEthernetHeaderBytes) return EINVAL;
    if (frame.size() > core::kFrameOctetsMax) return EMSGSIZE;
    auto found = handles_.find(interface_index);
    if (found == handles_.end()) {
      Handle handle;
      if (const int error = open(interface_index, handle); error != 0) return error;
      found = handles_.emplace(interface_index, std::move(handle)).first;
    }
    const int error = send(found->second.get(), frame);
    // The interface may come back under the same index with another device behind it.
    if (error == ENXIO || error == ENODEV || error == EBADF) handles_.erase(found);
    return error;
  }

  void forget(std::uint32_t interface_index) override { handles_.erase(interface_index); }

 private:
  [[nodiscard]] int open(std::uint32_t interface_index, Handle& handle) const {
    if (handles_.size() >= core::kInterfacesMax) return EMFILE;
    std::array<char, IF_NAMESIZE> name{};
    if (::if_indextoname(interface_index, name.data()) == nullptr) return ENXIO;
    std::array<char, PCAP_ERRBUF_SIZE> text{};
    handle.reset(pcap_create(name.data(), text.data()));
    return handle ? activate(handle.get()) : ENOMEM;
  }

  [[nodiscard]] static int send(pcap_t* handle, std::span<const std::uint8_t> frame) {
    std::array<std::uint8_t, core::kFrameOctetsMax> padded{};
    std::copy(frame.begin(), frame.end(), padded.begin());
    const auto size = std::max(frame.size(), kEthernetFrameBytesMin);
    const int error = inject_once(handle, std::span(padded).first(size));
    // A link that was down since the last frame leaves this error behind, also when it is up again.
    return error == ENETDOWN ? inject_once(handle, std::span(padded).first(size)) : error;
  }

  [[nodiscard]] static int inject_once(pcap_t* handle, std::span<const std::uint8_t> frame) {
    errno = 0;
    const int sent = pcap_inject(handle, frame.data(), frame.size());
    if (sent == static_cast<int>(frame.size())) return 0;
    return errno != 0 ? errno : EIO;
  }

  std::map<std::uint32_t, Handle> handles_;
};

}  // namespace

std::unique_ptr<Injector> make_pcap_injector(int* os_error) {
  *os_error = 0;
  return std::make_unique<PcapInjector>();
}

}  // namespace vippy::packet
