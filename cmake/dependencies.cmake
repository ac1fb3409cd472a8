# What vippy stands on; every package is Debian's (the list for apt is in tools/packages.txt).

find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(simdjson REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)

if(NOT CMAKE_SYSTEM_NAME STREQUAL "SunOS")
  pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing>=2.3)
  pkg_check_modules(NL REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
  pkg_check_modules(CAPNG REQUIRED IMPORTED_TARGET libcap-ng)
  set(VIPPY_OS_LIBRARIES PkgConfig::URING PkgConfig::NL PkgConfig::CAPNG)
else()
  set(VIPPY_OS_LIBRARIES socket nsl dlpi)
endif()
