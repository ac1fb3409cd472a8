// What became of a request to the operating system, in words that the core decides by.
//
// Purpose: the core never sees an errno; the platform's os_error table maps to these.
// Purity:  an enum and its names.
#pragma once

#include <cstdint>

namespace vippy::core {

enum class FailureKind : std::uint8_t {
  none,            // done
  already_there,   // EEXIST: the address (or socket) exists already
  not_there,       // EADDRNOTAVAIL: the address to remove is not there
  no_interface,    // ENODEV, ENXIO: the interface is gone
  not_permitted,   // EPERM, EACCES: privileges or link protection
  in_use,          // EADDRINUSE: somebody else has it
  withdrawn,       // ECANCELED: taken back by WithdrawAdditions before the kernel was asked
  no_resources,    // ENOMEM, ENOBUFS, EAGAIN: try again later
  other,           // anything else: logged with its name, tried again later
};

}  // namespace vippy::core
