// SPDX-License-Identifier: Apache-2.0
// What an operator may see of a session, and do to it.
#include "front/h1_session.h"

namespace holdfast::front {

bool H1Session::dismiss(const Message* farewell) {
  switch (phase_) {
    case Phase::preface:
    case Phase::handshake: close_now(); return true;
    case Phase::head: close_connection(); return true;
    case Phase::exchange: break;
    case Phase::lingering:
    case Phase::closed: return false;
  }
  keep_alive_ = false;
  reason_ = CloseReason::dismissed;
  if (parked_ && handler_) handler_->on_dismissed(farewell);
  if (phase_ == Phase::exchange) lost(CloseReason::dismissed);
  return true;
}

void H1Session::describe(ClientNote& note) const {
  note.peer = &peer_;
  note.since = started_;
  note.request = {};
  note.hold.clear();
  if (phase_ != Phase::exchange || !handler_) return;
  handler_->describe(note.request);
  handler_->describe_hold(note.hold);
}

}  // namespace holdfast::front
