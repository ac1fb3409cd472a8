# What vippy stands on; every package is Debian's (the list for apt is in tools/packages.txt).

find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(simdjson REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(PCAP REQUIRED libpcap)
# Loaded when it is needed, by the name that programs are linked with.
find_library(VIPPY_PCAP_FILE pcap REQUIRED HINTS ${PCAP_LIBRARY_DIRS})
execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${VIPPY_PCAP_FILE} OUTPUT_VARIABLE pcap_headers
                COMMAND_ERROR_IS_FATAL ANY)
if(NOT pcap_headers MATCHES "SONAME +([^ \n]+)")
  message(FATAL_ERROR "${VIPPY_PCAP_FILE} has no SONAME: is it a shared library?")
endif()
set(VIPPY_PCAP_LIBRARY ${CMAKE_MATCH_1})
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)

if(NOT CMAKE_SYSTEM_NAME STREQUAL "SunOS")
  pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing>=2.3)
  pkg_check_modules(NL REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
  pkg_check_modules(CAPNG REQUIRED IMPORTED_TARGET libcap-ng)
  set(VIPPY_OS_LIBRARIES PkgConfig::URING PkgConfig::NL PkgConfig::CAPNG)
else()
  set(VIPPY_OS_LIBRARIES socket nsl dlpi)
endif()
