// Memory for a batch of received datagrams, reserved once and touched only where used.
//
// Purpose: kDatagramsPerWaitMax buffers that each hold the largest UDP datagram.
// Units:   octets.
// Bounds:  8.25 MiB of address space; pages become resident when a datagram lands on them.
// Errors:  data() is null when the kernel gives no memory.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace vippy::platform {

class BufferPool {
 public:
  BufferPool(std::size_t count, std::size_t octets_each)
      : count_(count), octets_each_(octets_each) {
    auto* memory = ::mmap(nullptr, count * octets_each, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) memory_ = static_cast<std::uint8_t*>(memory);
  }
  ~BufferPool() {
    if (memory_ != nullptr) ::munmap(memory_, count_ * octets_each_);
  }
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  [[nodiscard]] explicit operator bool() const { return memory_ != nullptr; }
  [[nodiscard]] std::uint8_t* at(std::size_t index) const { return memory_ + index * octets_each_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t octets_each() const { return octets_each_; }

 private:
  std::size_t count_;
  std::size_t octets_each_;
  std::uint8_t* memory_ = nullptr;
};

}  // namespace vippy::platform
