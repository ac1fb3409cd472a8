#include "platform/linux/worker.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <deque>
#include <mutex>
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

// A loop of real-time rank that waits for a thread of low rank would wait for everybody between.
class LendingMutex {
 public:
  LendingMutex() {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    ::pthread_mutex_init(&mutex_, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
  }
  ~LendingMutex() { ::pthread_mutex_destroy(&mutex_); }
  LendingMutex(const LendingMutex&) = delete;
  LendingMutex& operator=(const LendingMutex&) = delete;
  void lock() { ::pthread_mutex_lock(&mutex_); }
  void unlock() { ::pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_;
};

void add_one(const Descriptor& count) {
  const std::uint64_t one = 1;
  static_cast<void>(::write(count.get(), &one, sizeof(one)));
}

std::uint64_t take_all(const Descriptor& count) {
  std::uint64_t all = 0;
  return ::read(count.get(), &all, sizeof(all)) == sizeof(all) ? all : 0;
}

}  // namespace

// What loop and thread share.
class Worker::Desk {
 public:
  [[nodiscard]] int open() {
    done_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!done_) return errno;
    idle_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return idle_ ? 0 : errno;
  }
  [[nodiscard]] const Descriptor& done() const { return done_; }
  void leave() {
    const std::lock_guard guard(lock_);
    is_leaving_ = true;
    queue_.clear();
  }
  // Is a thread needed for it?
  [[nodiscard]] bool put(Work work) {
    const std::lock_guard guard(lock_);
    queue_.push_back(std::move(work));
    if (is_running_) return false;
    is_running_ = true;
    take_all(idle_);
    return true;
  }
  void work_off() {
    while (auto work = next()) {
      work();
      work = nullptr;  // what it holds is not for the loop to take down
      add_one(done_);
    }
  }
  void wait_until_idle(int milliseconds) {
    pollfd idle{idle_.get(), POLLIN, 0};
    while (is_running() && ::poll(&idle, 1, milliseconds) > 0) {
    }
  }

 private:
  [[nodiscard]] bool is_running() {
    const std::lock_guard guard(lock_);
    return is_running_;
  }
  [[nodiscard]] Work next() {
    const std::lock_guard guard(lock_);
    if (queue_.empty() || is_leaving_) {
      is_running_ = false;
      add_one(idle_);
      return nullptr;
    }
    auto work = std::move(queue_.front());
    queue_.pop_front();
    return work;
  }

  Descriptor done_;
  Descriptor idle_;
  LendingMutex lock_;  // of what follows
  std::deque<Work> queue_;
  bool is_running_ = false;
  bool is_leaving_ = false;
};

namespace {

// Detached: the loop waits for no thread's end.
template <typename Shared>
bool start_thread(const std::shared_ptr<Shared>& desk) {
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return false;
  ::pthread_attr_setstacksize(&attributes, kStackOctets);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  const auto begin = [](void* handed_over) -> void* {
    const std::unique_ptr<std::shared_ptr<Shared>> own(
        static_cast<std::shared_ptr<Shared>*>(handed_over));
    be_of_low_rank();
    (*own)->work_off();
    return nullptr;
  };
  auto handed_over = std::make_unique<std::shared_ptr<Shared>>(desk);
  pthread_t thread{};
  const bool is_started = ::pthread_create(&thread, &attributes, begin, handed_over.get()) == 0;
  if (is_started) static_cast<void>(handed_over.release());
  ::pthread_attr_destroy(&attributes);
  return is_started;
}

}  // namespace

Worker::Worker() : desk_(std::make_shared<Desk>()) {}

Worker::~Worker() {
  leave();
  desk_->wait_until_idle(kFarewellMs);
}

int Worker::open() { return desk_->open(); }

int Worker::descriptor() const { return desk_->done().get(); }

void Worker::leave() { desk_->leave(); }

void Worker::run(Work work) {
  if (desk_->put(std::move(work)) && !start_thread(desk_)) desk_->work_off();
}

std::size_t Worker::take_done() { return static_cast<std::size_t>(take_all(desk_->done())); }

}  // namespace vippy::platform
