# Installs the systemd unit with the programs where they are installed: below CMAKE_INSTALL_PREFIX,
# which `cmake --install --prefix` may have changed since it was configured. DESTDIR is no part of it.
cmake_path(ABSOLUTE_PATH vippy_sbin BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" NORMALIZE)
file(READ "${vippy_unit}" text)
string(REPLACE "=/usr/sbin/" "=${vippy_sbin}/" text "${text}")
file(WRITE "${vippy_folder}/vippyd.service" "${text}")
file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system" TYPE FILE
     FILES "${vippy_folder}/vippyd.service")
