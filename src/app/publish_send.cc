// SPDX-License-Identifier: Apache-2.0
#include "app/publish_send.h"

#include <chrono>
#include <exception>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/core.h>
#include <zmq.hpp>

#include "base/text.h"

namespace holdfast::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds kHttpTimeout{15};
constexpr int kZmqTimeoutMs = 5000;
constexpr std::size_t kMaxAnswerBytes = 65536;

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

Request make_request(const PublishTarget& target, std::string body) {
  Request request(http::verb::post, target.target, 11);
  request.set(http::field::host, target.authority);
  request.set(http::field::user_agent, "holdfast/" HOLDFAST_VERSION);
  request.set(http::field::content_type, "application/json");
  request.set(http::field::accept, "text/plain");
  request.set(http::field::connection, "close");
  if (!target.authorization.empty()) request.set(http::field::authorization, target.authorization);
  request.body() = std::move(body);
  request.prepare_payload();
  return request;
}

/// Throws boost::system::system_error.
asio::awaitable<Response> exchange(const PublishTarget& target, std::string body) {
  auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  auto endpoints = co_await resolver.async_resolve(target.host, target.port, asio::use_awaitable);
  beast::tcp_stream stream(executor);
  stream.expires_after(kHttpTimeout);
  co_await stream.async_connect(endpoints, asio::use_awaitable);

  stream.expires_after(kHttpTimeout);
  auto request = make_request(target, std::move(body));
  boost::system::error_code write_error;
  co_await http::async_write(stream, request, asio::redirect_error(asio::use_awaitable, write_error));
  // Who refuses a request early, for its size, closes on what is still being sent: his answer says why.
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswerBytes);
  boost::system::error_code read_error;
  co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, read_error));
  if (write_error && !parser.is_header_done()) throw boost::system::system_error(write_error);
  if (read_error) throw boost::system::system_error(read_error);
  co_return parser.release();
}

/// Text of a server, for a terminal: without what could drive it.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return std::string(base::trim(out));
}

}  // namespace

Result<void> post_publish(const PublishTarget& target, std::string body) {
  Response response;
  std::exception_ptr failure;
  asio::io_context io;
  asio::co_spawn(io, exchange(target, std::move(body)), [&](std::exception_ptr error, Response answer) {
    failure = std::move(error);
    response = std::move(answer);
  });
  io.run();
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return Error{fmt::format("cannot publish to {}: {}; is Holdfast running, and is that its control.http?",
                             target.address, error.code().message())};
  }
  if (response.result_int() == 200) return {};
  auto text = plain(response.body());
  if (text.empty()) text = plain(std::string_view(response.reason().data(), response.reason().size()));
  return Error{fmt::format("{} answered {}: {}", target.address, response.result_int(), text)};
}

Result<void> push_publish(const PublishTarget& target, const std::string& frame) {
  try {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::push);
    // Nothing is taken from us before there is a peer, so that the time-out means what it says.
    socket.set(zmq::sockopt::immediate, true);
    socket.set(zmq::sockopt::sndtimeo, kZmqTimeoutMs);
    // Closing waits until everything is on its way, but not for ever.
    socket.set(zmq::sockopt::linger, kZmqTimeoutMs);
    socket.set(zmq::sockopt::ipv6, true);
    socket.connect(target.address);
    if (socket.send(zmq::buffer(frame))) return {};
  } catch (const zmq::error_t& error) {
    return Error{fmt::format("cannot publish to {}: {}", target.address, error.what())};
  }
  return Error{fmt::format("cannot publish to {}: nobody took it within {} s; is a PULL socket bound there?",
                           target.address, kZmqTimeoutMs / 1000)};
}

}  // namespace holdfast::app
