// Frames through libpcap, one handle an interface, opened when first needed.
//
// Nothing is captured: the filter refuses every packet, so the kernel's buffer stays empty.
// The library is loaded when it is asked for: it brings a dozen others along, a megabyte that a
// daemon with the usual injector does not need.

#include <dlfcn.h>
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

struct Library {
  decltype(&pcap_create) create = nullptr;
  decltype(&pcap_set_snaplen) set_snaplen = nullptr;
  decltype(&pcap_set_promisc) set_promisc = nullptr;
  decltype(&pcap_set_timeout) set_timeout = nullptr;
  decltype(&pcap_set_immediate_mode) set_immediate_mode = nullptr;
  decltype(&pcap_set_buffer_size) set_buffer_size = nullptr;
  decltype(&pcap_activate) activate = nullptr;
  decltype(&pcap_datalink) datalink = nullptr;
  decltype(&pcap_setnonblock) setnonblock = nullptr;
  decltype(&pcap_setfilter) setfilter = nullptr;
  decltype(&pcap_inject) inject = nullptr;
  decltype(&pcap_close) close = nullptr;
  bool is_whole = true;

  explicit Library(void* loaded) {
    find(loaded, "pcap_create", create);
    find(loaded, "pcap_set_snaplen", set_snaplen);
    find(loaded, "pcap_set_promisc", set_promisc);
    find(loaded, "pcap_set_timeout", set_timeout);
    find(loaded, "pcap_set_immediate_mode", set_immediate_mode);
    find(loaded, "pcap_set_buffer_size", set_buffer_size);
    find(loaded, "pcap_activate", activate);
    find(loaded, "pcap_datalink", datalink);
    find(loaded, "pcap_setnonblock", setnonblock);
    find(loaded, "pcap_setfilter", setfilter);
    find(loaded, "pcap_inject", inject);
    find(loaded, "pcap_close", close);
  }

 private:
  template <typename Function>
  void find(void* loaded, const char* name, Function& function) {
    function = loaded == nullptr ? nullptr : reinterpret_cast<Function>(::dlsym(loaded, name));
    is_whole = is_whole && function != nullptr;
  }
};

// Stays loaded: handles that are closed later need it.
const Library& library() {
  static const Library found(::dlopen(VIPPY_PCAP_LIBRARY, RTLD_NOW | RTLD_LOCAL));
  return found;
}

struct Close {
  void operator()(pcap_t* handle) const { library().close(handle); }
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
  return library().setfilter(handle, &program) == 0 ? 0 : EIO;
}

int activate(pcap_t* handle) {
  library().set_snaplen(handle, kSnapOctets);
  library().set_promisc(handle, 0);
  library().set_timeout(handle, kTimeoutMs);
  library().set_immediate_mode(handle, 1);
  library().set_buffer_size(handle, kBufferOctets);
  errno = 0;
  const int status = library().activate(handle);
  if (status < 0) return activation_error(status);
  if (library().datalink(handle) != DLT_EN10MB) return EAFNOSUPPORT;
  std::array<char, PCAP_ERRBUF_SIZE> text{};
  if (library().setnonblock(handle, 1, text.data()) != 0) return EIO;
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
    handle.reset(library().create(name.data(), text.data()));
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
    const int sent = library().inject(handle, frame.data(), frame.size());
    if (sent == static_cast<int>(frame.size())) return 0;
    return errno != 0 ? errno : EIO;
  }

  std::map<std::uint32_t, Handle> handles_;
};

}  // namespace

std::unique_ptr<Injector> make_pcap_injector(int* os_error) {
  *os_error = library().is_whole ? 0 : ELIBACC;
  return library().is_whole ? std::make_unique<PcapInjector>() : nullptr;
}

}  // namespace vippy::packet
