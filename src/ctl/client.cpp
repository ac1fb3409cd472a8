#include "ctl/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <new>
#include <system_error>

namespace vippy::ctl {

namespace {

struct Cleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, Cleanup>;

struct ListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, ListCleanup>;

// libcurl's shape: taking less than it brings ends the transfer.
std::size_t take_body(char* octets, std::size_t /*one*/, std::size_t count, void* user) {
  auto& body = *static_cast<std::string*>(user);
  if (count > kReplyOctetsMax - body.size()) return 0;
  try {
    body.append(octets, count);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return count;
}

// The remedy that fits the errno of connect().
std::string remedy(const std::string& socket, int os_error) {
  switch (os_error) {
    case ENOENT:
    case ENOTDIR:
      return fmt::format("there is no socket {}: is vippyd running, and does its configuration "
                         "name this path as `management`? (-s names another one)", socket);
    case EACCES:
    case EPERM:
      return fmt::format("not permitted to use {}: run vippyctl as root, or as who may open the "
                         "socket", socket);
    case ECONNREFUSED:
      return fmt::format("nobody listens at {}: vippyd is not running, or this is not its socket",
                         socket);
    default:
      return fmt::format("cannot connect to {}: {}: is the path right, is vippyd running, is this "
                         "user permitted?", socket, std::generic_category().message(os_error));
  }
}

ClientFailure failure_of(CURL* handle, CURLcode code, const std::string& socket,
                         std::chrono::milliseconds limit) {
  if (code == CURLE_COULDNT_CONNECT) {
    long os_error = 0;
    curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &os_error);
    return {ClientError::no_daemon, remedy(socket, static_cast<int>(os_error))};
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return {ClientError::timed_out,
            fmt::format("no complete answer from {} within {} ms: is vippyd hung? (--timeout "
                        "waits longer)", socket, limit.count())};
  }
  const std::string_view why =
      code == CURLE_WRITE_ERROR ? "the answer is too long" : curl_easy_strerror(code);
  return {ClientError::broken, fmt::format("broken answer from {}: {}", socket, why)};
}

void prepare(CURL* handle, const std::string& socket, const std::string& url,
             std::chrono::milliseconds limit, std::string& body) {
  curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "vippyctl/" VIPPY_VERSION);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
}

}  // namespace

core::Result<Reply, ClientFailure> ask(const std::string& socket, const std::string& target,
                                       std::chrono::milliseconds limit,
                                       const std::optional<std::string>& body) {
  if (socket.empty() || socket.size() > kSocketPathOctetsMax) {
    return core::failure(ClientFailure{
        ClientError::no_daemon, fmt::format("the path of a socket has 1 to {} octets, this one {}",
                                            kSocketPathOctetsMax, socket.size())});
  }
  const Handle handle(curl_easy_init());
  if (!handle) return core::failure(ClientFailure{ClientError::broken, "libcurl does not start"});
  Reply reply;
  prepare(handle.get(), socket, "http://localhost" + target, limit, reply.body);
  const Headers headers(body ? curl_slist_append(nullptr, "Content-Type: application/json")
                             : nullptr);
  if (body) {
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, body->c_str());
    curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  }
  const auto code = curl_easy_perform(handle.get());
  if (code != CURLE_OK) return core::failure(failure_of(handle.get(), code, socket, limit));
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

}  // namespace vippy::ctl
