// SPDX-License-Identifier: Apache-2.0
// Walking a list in several sittings, while others add and remove.
#pragma once

#include <iterator>

#include <boost/intrusive/list.hpp>

namespace holdfast::base {

/// A place in an intrusive list. Who removes from the list tells its walks first (pass); what is added behind the place
/// is met, unless the end has been reached. One thread.
template <class List>
class ListWalk : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  using Item = typename List::value_type;
  /// All walks of one list.
  using Set = boost::intrusive::list<ListWalk, boost::intrusive::constant_time_size<false>>;

  ListWalk(List& list, Set& walks) : list_(list), next_(list.empty() ? nullptr : &list.front()) {
    walks.push_back(*this);
  }

  /// The next one, or null at the end.
  Item* next() {
    auto* item = next_;
    if (item) next_ = behind(*item);
    return item;
  }

  bool at_end() const { return next_ == nullptr; }

  /// The item is about to leave the list.
  static void pass(Set& walks, Item& leaving) {
    for (auto& walk : walks) {
      if (walk.next_ == &leaving) walk.next_ = walk.behind(leaving);
    }
  }

 private:
  Item* behind(Item& item) {
    auto at = std::next(list_.iterator_to(item));
    return at == list_.end() ? nullptr : &*at;
  }

  List& list_;
  Item* next_;  // null: at the end
};

}  // namespace holdfast::base
