// SPDX-License-Identifier: Apache-2.0
// Asking all cores: each works on what is its own, in slices between which it serves its clients.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "admin/context.h"

namespace holdfast::admin {

/// Runs `slice` on the core, once a turn, until it returns false. Any thread.
inline void run_in_slices(net::Core& core, std::function<bool()> slice) {
  core.post([&core, slice = std::move(slice)]() mutable {
    if (slice()) run_in_slices(core, std::move(slice));
  });
}

/// Calls `ask` on every core with a function that takes this core's part, and `finish` on `home` with all of them, in
/// the order of the cores. When a core never gives its part, `finish` is never called: who waits has a deadline.
template <class Part>
void gather(const std::vector<CoreParts>& cores, net::Core& home,
            std::function<void(const CoreParts&, std::function<void(Part)>)> ask,
            std::function<void(std::vector<Part>)> finish) {
  struct State {
    std::vector<Part> parts;
    std::size_t missing;
    std::function<void(std::vector<Part>)> finish;
  };
  auto state = std::make_shared<State>(State{std::vector<Part>(cores.size()), cores.size(), std::move(finish)});
  for (std::size_t i = 0; i < cores.size(); ++i) {
    cores[i].core->post([&core = cores[i], &home, i, ask, state] {
      ask(core, [&home, i, state](Part part) {
        home.post([i, state, part = std::move(part)]() mutable {
          state->parts[i] = std::move(part);
          if (--state->missing == 0) state->finish(std::move(state->parts));
        });
      });
    });
  }
}

}  // namespace holdfast::admin
