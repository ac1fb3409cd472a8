#include "platform/linux/worker.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

namespace vippy::platform {
namespace {

// Waits until so much of the work is done.
void wait_done(Worker& worker, std::size_t count) {
  for (std::size_t done = 0; done < count;) {
    pollfd ready{worker.descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
    done += worker.take_done();
  }
}

TEST(WorkerTest, WorksOffInOrderOnAThreadOfItsOwn) {
  Worker worker;
  ASSERT_EQ(worker.open(), 0);
  EXPECT_EQ(worker.take_done(), 0U);
  std::vector<int> order;
  auto thread = ::pthread_self();
  for (int i = 0; i < 5; ++i) {
    worker.run([&, i] {
      order.push_back(i);
      thread = ::pthread_self();
    });
  }
  wait_done(worker, 5);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(::pthread_equal(thread, ::pthread_self()), 0);
}

TEST(WorkerTest, BeginsAgainWhenThereIsWorkAgain) {
  Worker worker;
  ASSERT_EQ(worker.open(), 0);
  int count = 0;
  for (int i = 0; i < 20; ++i) {
    worker.run([&] { ++count; });
    wait_done(worker, 1);
  }
  EXPECT_EQ(count, 20);
}

TEST(WorkerTest, IsOfALowerRankThanTheLoop) {
  Worker worker;
  ASSERT_EQ(worker.open(), 0);
  int policy = -1;
  worker.run([&] { policy = ::sched_getscheduler(0); });
  wait_done(worker, 1);
  EXPECT_EQ(policy, SCHED_BATCH);
  EXPECT_NE(::sched_getscheduler(0), SCHED_BATCH);
}

TEST(WorkerTest, FinishesWhatItBeganBeforeItGoesAndLeavesTheRest) {
  auto worker = std::make_unique<Worker>();
  ASSERT_EQ(worker->open(), 0);
  std::atomic<bool> has_begun = false;
  std::atomic<bool> may_end = false;
  bool is_finished = false;
  bool was_begun_late = false;
  worker->run([&] {
    has_begun = true;
    has_begun.notify_one();
    may_end.wait(false);
    is_finished = true;
  });
  worker->run([&] { was_begun_late = true; });
  has_begun.wait(false);
  worker->leave();
  may_end = true;
  may_end.notify_one();
  worker.reset();
  EXPECT_TRUE(is_finished);
  EXPECT_FALSE(was_begun_late);
}

// As on a file system that does not answer.
TEST(WorkerTest, WorkThatHangsIsLeftBehindWithAllThatItNeeds) {
  struct Gate {
    std::atomic<bool> is_reached = false;
    std::atomic<bool> is_open = false;
  };
  const auto gate = std::make_shared<Gate>();
  auto worker = std::make_unique<Worker>();
  ASSERT_EQ(worker->open(), 0);
  worker->run([gate] {
    gate->is_reached = true;
    gate->is_reached.notify_one();
    gate->is_open.wait(false);
  });
  gate->is_reached.wait(false);
  const auto begin = std::chrono::steady_clock::now();
  worker.reset();
  const auto waited = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(waited, std::chrono::milliseconds(Worker::kFarewellMs));
  EXPECT_LT(waited, std::chrono::seconds(10));
  EXPECT_EQ(gate.use_count(), 2) << "the thread has its own";
  gate->is_open = true;
  gate->is_open.notify_one();
  while (gate.use_count() > 1) ::sched_yield();
}

TEST(WorkerTest, WaitsForNothingWhenThereIsNoWork) {
  for (int i = 0; i < 20; ++i) {
    auto worker = std::make_unique<Worker>();
    ASSERT_EQ(worker->open(), 0);
    worker->run([] {});
    wait_done(*worker, 1);
    const auto begin = std::chrono::steady_clock::now();
    worker.reset();
    ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
  }
}

}  // namespace
}  // namespace vippy::platform
