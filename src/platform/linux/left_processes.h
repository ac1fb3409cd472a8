// Children that nobody waits for any more: their ends are collected when the kernel tells of them.
//
// Purpose: a guard that was told to leave ends a moment after the object that spoke with it.
// Bounds:  one number for each child that has not ended.
// Errors:  none: a child that somebody else collected is forgotten.
// Order:   of one thread, the loop's.
// Source:  waitpid(2): a child that has ended stays a zombie until it is waited for.
#pragma once

#include <sys/types.h>

namespace vippy::platform {

void leave_process(pid_t process);
// On SIGCHLD: waits for nothing.
void collect_left_processes();

}  // namespace vippy::platform
