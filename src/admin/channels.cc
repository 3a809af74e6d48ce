// SPDX-License-Identifier: Apache-2.0
#include "admin/channels.h"

#include <algorithm>
#include <map>
#include <string>

#include "admin/gather.h"
#include "base/json.h"
#include "base/text.h"

namespace holdfast::admin {
namespace {

constexpr int kChannelsInSlice = 1000;

using Counts = std::array<std::size_t, channel::kTransports>;
/// By name, in the order of its bytes.
using Channels = std::map<std::string, Counts, std::less<>>;

struct Wanted {
  std::string prefix;
  std::string after;  // names up to it, itself included, were on earlier pages
  std::size_t limit = kDefaultLimit;

  bool takes(std::string_view name) const { return name.starts_with(prefix) && (after.empty() || name > after); }
  /// One more than the page has, to know whether another follows.
  std::size_t most() const { return limit + 1; }
};

/// Names are bytes, but a cursor must pass through JSON and a query unharmed.
std::string encode_cursor(std::string_view name) {
  auto text = base::encode_base64(name);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return text;
}

Result<Wanted> parse_wanted(const Request& request) {
  auto query = request.query({"prefix", "limit", "cursor"});
  if (!query) return query.error();
  Wanted wanted;
  for (const auto& [name, value] : *query) {
    if (name == "prefix") wanted.prefix = value;
    if (name == "cursor") wanted.after = base::decode_base64(value);
    if (name != "limit") continue;
    auto limit = parse_limit(value);
    if (!limit) return limit.error();
    wanted.limit = *limit;
  }
  return wanted;
}

void add(Channels& channels, std::string_view name, const Counts& counts) {
  auto found = channels.find(name);
  if (found == channels.end()) found = channels.emplace(std::string(name), Counts{}).first;
  for (std::size_t i = 0; i < counts.size(); ++i) found->second[i] += counts[i];
}

/// One core's channels, those with the first names.
class Scan {
 public:
  Scan(channel::ChannelTable& table, Wanted wanted) : walk_(table), wanted_(std::move(wanted)) {}

  /// False when all have been seen.
  bool run_slice() {
    for (int i = 0; i < kChannelsInSlice; ++i) {
      auto channel = walk_.next();
      if (!channel) return false;
      if (!wanted_.takes(channel->name)) continue;
      add(found_, channel->name, channel->subscribers);
      // A name that is among the first of all cores is among the first of each core that has it.
      if (found_.size() > wanted_.most()) found_.erase(std::prev(found_.end()));
    }
    return true;
  }
  Channels take() { return std::move(found_); }

 private:
  channel::ChannelTable::Walk walk_;
  const Wanted wanted_;
  Channels found_;
};

base::Json to_json(std::string_view name, const Counts& counts) {
  auto of = [&counts](channel::Transport transport) { return counts[static_cast<std::size_t>(transport)]; };
  return {
      {"name", name},
      {"subscribers", {{"stream", of(channel::Transport::stream)}, {"response", of(channel::Transport::response)}}}};
}

Answer page(const std::vector<Channels>& parts, const Wanted& wanted) {
  Channels all;
  for (const auto& part : parts) {
    for (const auto& [name, counts] : part) add(all, name, counts);
  }
  auto list = base::Json::array();
  base::Json cursor;
  for (auto it = all.begin(); it != all.end(); ++it) {
    if (list.size() == wanted.limit) {
      cursor = encode_cursor(std::prev(it)->first);
      break;
    }
    list.push_back(to_json(it->first, it->second));
  }
  return json_answer(200, {{"channels", std::move(list)}, {"cursor", std::move(cursor)}});
}

}  // namespace

void list_channels(const Request& request, const ReplyRef& reply) {
  auto wanted = parse_wanted(request);
  if (!wanted) return reply->send(error_answer(400, wanted.error().what));
  gather<Channels>(
      request.context.cores, reply->core(),
      [wanted = *wanted](const CoreParts& core, std::function<void(Channels)> done) {
        auto scan = std::make_shared<Scan>(*core.table, wanted);
        run_in_slices(*core.core, [scan, done = std::move(done)] {
          bool more = scan->run_slice();
          if (!more) done(scan->take());
          return more;
        });
      },
      [reply, wanted = *wanted](const std::vector<Channels>& parts) { reply->send(page(parts, wanted)); });
}

void show_channel(const Request& request, const ReplyRef& reply) {
  if (auto query = request.query({}); !query) return reply->send(error_answer(400, query.error().what));
  using Found = std::optional<Counts>;
  gather<Found>(
      request.context.cores, reply->core(),
      [name = request.name](const CoreParts& core, const std::function<void(Found)>& done) {
        auto channel = core.table->find(name);
        done(channel ? Found(channel->subscribers) : std::nullopt);
      },
      [reply, name = request.name](const std::vector<Found>& parts) {
        Channels sum;
        for (const auto& part : parts) {
          if (part) add(sum, name, *part);
        }
        if (sum.empty()) return reply->send(error_answer(404, "nobody is subscribed to this channel"));
        reply->send(json_answer(200, to_json(name, sum.begin()->second)));
      });
}

}  // namespace holdfast::admin
