#include "platform/host.h"
#include "platform/linux/platform_linux.h"

namespace vippy::platform {

core::Result<std::unique_ptr<Platform>, StartFailure> make_host_platform(std::string_view loop) {
  const auto choice = parse_loop_choice(loop);
  if (!choice) {
    return core::failure(StartFailure{"--loop wants auto, io_uring or epoll, found " +
                                      std::string(loop)});
  }
  LinuxOptions options;
  options.loop = *choice;
  options.make_injector = linux_injectors();
  return make_linux_platform(std::move(options));
}

}  // namespace vippy::platform
