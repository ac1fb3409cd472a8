# Compiler settings and the two functions that every CMakeLists.txt here uses.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Precompiled headers change time stamps only: without this nothing that uses one is ever a hit.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE_PROGRAM})
endif()

add_library(vippy_settings INTERFACE)
target_include_directories(vippy_settings INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(vippy_settings INTERFACE VIPPY_VERSION="${PROJECT_VERSION}")
target_compile_options(vippy_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(VIPPY_WERROR)
  target_compile_options(vippy_settings INTERFACE -Werror)
endif()
if(VIPPY_SANITIZE)
  target_compile_options(vippy_settings INTERFACE -fsanitize=${VIPPY_SANITIZE}
                         -fno-sanitize-recover=all)
  target_link_options(vippy_settings INTERFACE -fsanitize=${VIPPY_SANITIZE})
endif()

find_package(Threads REQUIRED)

# vippy_room(NAME DIRS dir... [EXCLUDE program] [LINKS target...]): a static library vippy_NAME of
# all sources that lie directly in the folders.
function(vippy_room name)
  cmake_parse_arguments(ROOM "" "EXCLUDE" "DIRS;LINKS" ${ARGN})
  set(sources)
  foreach(dir ${ROOM_DIRS})
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${dir}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  if(ROOM_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "/${ROOM_EXCLUDE}[.]cpp$")
  endif()
  if(sources)
    add_library(vippy_${name} STATIC ${sources})
    target_link_libraries(vippy_${name} PUBLIC vippy_settings ${ROOM_LINKS})
  else()
    add_library(vippy_${name} INTERFACE)
    target_link_libraries(vippy_${name} INTERFACE vippy_settings ${ROOM_LINKS})
  endif()
endfunction()

# vippy_program(NAME source [LINKS target...]): built when its source is there.
function(vippy_program name source)
  cmake_parse_arguments(PROGRAM "" "" "LINKS" ${ARGN})
  if(EXISTS ${PROJECT_SOURCE_DIR}/${source})
    add_executable(${name} ${PROJECT_SOURCE_DIR}/${source})
    target_link_libraries(${name} PRIVATE ${PROGRAM_LINKS} vippy_settings)
  endif()
endfunction()
