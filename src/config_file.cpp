#include "config_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "core/limits.h"
#include "core/wire2.h"

namespace vippy::hall {

namespace {

struct Remedy {
  int os_error;
  std::string_view text;
};

constexpr std::array<Remedy, 7> kRemedies = {{
    {ENOENT, "ENOENT: there is no such file; name one with -c, or copy the example to this place"},
    {EACCES, "EACCES: this user may not read it; run vippyd as root, or give the file to its user"},
    {EPERM, "EPERM: this user may not read it; run vippyd as root, or give the file to its user"},
    {ENOTDIR, "ENOTDIR: a part of the path is no folder; check the spelling"},
    {ELOOP, "ELOOP: the symbolic links go round in a circle; mend them"},
    {ENAMETOOLONG, "ENAMETOOLONG: the path is too long; check the spelling"},
    {EIO, "EIO: the disk cannot be read; check it"},
}};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

auto os_failure(const std::string& path, int os_error) {
  const auto* const remedy = std::find_if(kRemedies.begin(), kRemedies.end(), [&](const auto& one) {
    return one.os_error == os_error;
  });
  const auto text = remedy != kRemedies.end()
                        ? std::string(remedy->text)
                        : "errno " + std::to_string(os_error) + ": it cannot be read";
  return core::failure(ConfigFileFailure{os_error, path + ": " + text});
}

auto refusal(const std::string& path, const std::string& text) {
  return core::failure(ConfigFileFailure{0, path + ": " + text});
}

auto too_large(const std::string& path) {
  return refusal(path, "it is larger than " + std::to_string(core::kConfigOctetsMax) +
                           " octets, which is no configuration of vippy; check the path");
}

}  // namespace

std::string placed(const std::string& file, const core::ConfigProblem& problem) {
  if (file.empty()) return core::format(problem);
  if (problem.text.starts_with(file + ":")) return problem.text;
  return file + (problem.line != 0 ? ":" : ": ") + core::format(problem);
}

bool has_folder(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

ConfigLook ConfigFileWatch::look() {
  struct stat status {};
  const bool is_there = ::stat(path_.c_str(), &status) == 0;
  Mark mark;
  if (is_there) {
    mark.facts = {static_cast<std::int64_t>(status.st_dev),
                  static_cast<std::int64_t>(status.st_ino),
                  status.st_size,
                  status.st_mtim.tv_sec,
                  status.st_mtim.tv_nsec,
                  static_cast<std::int64_t>(status.st_mode)};
  }
  if (seen_ != mark) {
    const auto file = read_config_file(path_);
    digest_ = file ? core::content_digest(file->text) : 0;
    seen_ = mark;
  }
  if (!is_there) return {};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const auto age = std::chrono::seconds(now.tv_sec - status.st_mtim.tv_sec);
  return {digest_, std::max<core::Duration>(age, core::Duration::zero())};
}

core::Result<ConfigFile, ConfigFileFailure> read_config_file(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return refusal(path, "this is no path of a file; name one with -c");
  }
  // Without O_NONBLOCK, opening a FIFO would wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return os_failure(path, errno);
  if (S_ISDIR(status.st_mode)) return refusal(path, "this is a folder; name the file in it");
  if (!S_ISREG(status.st_mode)) {
    return refusal(path, "this is no regular file; vippyd reads it again on reload, so it must be");
  }
  ConfigFile result;
  result.facts.path = path;
  result.facts.mode = status.st_mode & 07777U;
  result.facts.is_owned_by_stranger = status.st_uid != 0 && status.st_uid != ::geteuid();
  std::array<char, 65'536> buffer;
  for (;;) {
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count == 0) return result;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os_failure(path, errno);
    result.text.append(buffer.data(), static_cast<std::size_t>(count));
    if (result.text.size() > core::kConfigOctetsMax) return too_large(path);
  }
}

}  // namespace vippy::hall
