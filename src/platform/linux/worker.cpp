#include "platform/linux/worker.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace vippy::platform {

namespace {

// With locked memory all of it is there from the start.
constexpr std::size_t kStackOctets = 1U << 20U;
constexpr int kNice = 5;

// Threads begin with the rank of who starts them; a refusal leaves it, which only costs time.
void be_of_low_rank() {
  const sched_param parameters{};
  static_cast<void>(::sched_setscheduler(0, SCHED_BATCH, &parameters));
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
}

}  // namespace

int Worker::open() {
  done_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return done_ ? 0 : errno;
}

void Worker::leave() {
  const std::lock_guard guard(lock_);
  is_leaving_ = true;
}

Worker::~Worker() {
  leave();
  if (has_thread_) ::pthread_join(thread_, nullptr);
}

void Worker::run(Work work) {
  {
    const std::lock_guard guard(lock_);
    queue_.push_back(std::move(work));
    if (std::exchange(is_running_, true)) return;
  }
  if (!start_thread()) work_off();
}

bool Worker::start_thread() {
  // It has ended, or is about to: it said so before.
  if (std::exchange(has_thread_, false)) ::pthread_join(thread_, nullptr);
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return false;
  ::pthread_attr_setstacksize(&attributes, kStackOctets);
  has_thread_ = ::pthread_create(&thread_, &attributes, &Worker::begin, this) == 0;
  ::pthread_attr_destroy(&attributes);
  return has_thread_;
}

void* Worker::begin(void* worker) {
  be_of_low_rank();
  static_cast<Worker*>(worker)->work_off();
  return nullptr;
}

void Worker::work_off() {
  for (;;) {
    Work work;
    {
      const std::lock_guard guard(lock_);
      if (queue_.empty() || is_leaving_) {
        is_running_ = false;
        return;
      }
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
    work = nullptr;  // what it holds is not for the loop to take down
    const std::uint64_t one = 1;
    static_cast<void>(::write(done_.get(), &one, sizeof(one)));
  }
}

std::size_t Worker::take_done() {
  std::uint64_t count = 0;
  const auto read = ::read(done_.get(), &count, sizeof(count));
  return read == sizeof(count) ? static_cast<std::size_t>(count) : 0;
}

}  // namespace vippy::platform
