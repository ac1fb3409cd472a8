# What an operator installs.
if(TARGET vippyd AND TARGET vippyctl)
  install(TARGETS vippyd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
  install(TARGETS vippyctl RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
endif()
if(TARGET vippy-guard)
  install(TARGETS vippy-guard RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
endif()
install(FILES docs/man/vippyd.8 docs/man/vippyctl.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8
        OPTIONAL)
install(FILES docs/man/vippy.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 OPTIONAL)
install(FILES conf/vippy.conf.example conf/vippy.lua DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY conf/profiles DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
# The unit names the programs: it is written for the prefix that is known when it is installed.
install(CODE "set(vippy_unit \"${PROJECT_SOURCE_DIR}/conf/vippyd.service\")
set(vippy_sbin \"${CMAKE_INSTALL_SBINDIR}\")
set(vippy_folder \"${PROJECT_BINARY_DIR}/unit\")" COMPONENT unit)
install(SCRIPT cmake/install_unit.cmake COMPONENT unit)
