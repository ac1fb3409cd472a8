#include "perf/stalls.h"

#include <dirent.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "perf/timeline.h"

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

constexpr Duration kPause = 500us;

void pause_until(Duration at) {
  const timespec until{at / 1s, static_cast<long>((at % 1s).count())};
  ::clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr);
}

std::vector<pid_t> numbers_in(const std::string& folder) {
  std::vector<pid_t> out;
  auto* const open = ::opendir(folder.c_str());
  if (open == nullptr) return out;
  while (const auto* entry = ::readdir(open)) {
    if (const int number = std::atoi(entry->d_name); number > 0) out.push_back(number);
  }
  ::closedir(open);
  return out;
}

}  // namespace

std::string text_of(const Stall& stall) {
  return fmt::format("{} had waited {:.1f} ms for a processor", stall.who,
                     milliseconds(stall.length));
}

Duration wall_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec);
}

bool read_task_times(const std::string& task, TaskTimes& times) {
  auto* const file = std::fopen(("/proc/" + task + "/schedstat").c_str(), "re");
  if (file == nullptr) return false;
  unsigned long long ran = 0;
  unsigned long long waited = 0;
  const bool is_read = std::fscanf(file, "%llu %llu", &ran, &waited) == 2;
  std::fclose(file);
  if (is_read) times = {Duration(ran), Duration(waited)};
  return is_read;
}

std::vector<pid_t> own_threads() { return numbers_in("/proc/self/task"); }

std::vector<pid_t> threads_of(pid_t process) {
  return numbers_in("/proc/" + std::to_string(process) + "/task");
}

pid_t child_of(pid_t process) {
  for (const auto other : numbers_in("/proc")) {
    const auto text = read_file("/proc/" + std::to_string(other) + "/stat");
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos || name_end + 4 > text.size()) continue;
    if (std::atoi(text.c_str() + name_end + 4) == process && text[name_end + 2] != 'Z') {
      return other;
    }
  }
  return 0;
}

StallWatch::StallWatch() {
  const auto processors = std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < processors; ++i) {
    threads_.emplace_back([this, i] { watch_processor(static_cast<int>(i)); });
  }
  threads_.emplace_back([this] {
    while (!is_over_) {
      pause_until(wall_clock() + 2 * kPause);
      look_at_tasks();
    }
  });
}

StallWatch::~StallWatch() {
  is_over_ = true;
  for (auto& thread : threads_) thread.join();
}

void StallWatch::watch_processor(int number) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<std::size_t>(number), &only);
  ::pthread_setaffinity_np(::pthread_self(), sizeof only, &only);
  while (!is_over_) {
    const auto wanted = wall_clock() + kPause;
    pause_until(wanted);
    const auto now = wall_clock();
    if (now - wanted < kNoted) continue;
    const std::lock_guard lock(mutex_);
    stalls_.push_back({"processor " + std::to_string(number), now, now - wanted});
  }
}

void StallWatch::look_at_tasks() {
  const std::lock_guard lock(mutex_);
  const auto now = wall_clock();
  for (auto& [who, task] : followed_) {
    TaskTimes times;
    if (task.task.empty() || !read_task_times(task.task, times)) continue;
    if (times.ran == task.times.ran) continue;
    // What it waited is counted when it runs, and it did not wait before it ran the last time.
    const auto waited = std::min(times.waited - task.times.waited, now - task.moved_at);
    task.times = times;
    task.moved_at = now;
    if (waited >= kNoted) stalls_.push_back({who, now, waited});
  }
}

void StallWatch::follow(const std::string& who, pid_t task) {
  TaskTimes times;
  const auto name = task > 0 ? std::to_string(task) : std::string();
  if (task > 0) static_cast<void>(read_task_times(name, times));
  const std::lock_guard lock(mutex_);
  followed_[who] = {name, times, wall_clock()};
}

void StallWatch::note(const std::string& who, Duration at, Duration length) {
  const std::lock_guard lock(mutex_);
  stalls_.push_back({who, at, length});
}

std::vector<Stall> StallWatch::between(Duration from, Duration to) const {
  std::vector<Stall> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& stall : stalls_) {
      if (stall.at >= from && stall.at - stall.length <= to) out.push_back(stall);
    }
  }
  std::sort(out.begin(), out.end(),
            [](const auto& left, const auto& right) { return left.length > right.length; });
  return out;
}

void StallWatch::forget(Duration before) {
  const std::lock_guard lock(mutex_);
  std::erase_if(stalls_, [&](const auto& stall) { return stall.at < before; });
}

}  // namespace vippy::lab
