# vippy-guard: as small as can be, since all of it is locked in memory. It is made of the few
# sources that it needs and linked statically, so that no library is mapped into it.
if(VIPPY_OS STREQUAL "linux")
  set(guard_sources src/guard_main.cpp src/guard_watch.cpp src/guard.cpp src/guard_board.cpp
      src/core/ip.cpp src/core/assert.cpp)
  foreach(name abstract_name address_messages announce_send guard_host_linux guard_name guard_removal
          netlink_decode promotion)
    list(APPEND guard_sources src/platform/linux/${name}.cpp)
  endforeach()
  add_executable(vippy-guard ${guard_sources})
  target_link_libraries(vippy-guard PRIVATE vippy_settings)
  target_compile_options(vippy-guard PRIVATE -Os -ffunction-sections -fdata-sections)
  if(NOT VIPPY_SANITIZE)
    target_link_options(vippy-guard PRIVATE -static -Wl,--gc-sections)
  endif()
endif()
