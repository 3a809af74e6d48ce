// SPDX-License-Identifier: Apache-2.0
#include "proxy/stored_request.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::proxy {
namespace {

TEST(StoredRequest, KeepsACopyOfEverything) {
  std::string method = "POST";
  std::string target = "/a?b";
  std::string host = "a.test:80";
  std::string name = "X-Name";
  std::string value = "some value";
  std::vector<Field> fields{{name, value}, {"Empty", ""}, {"x-name", "second"}};
  RequestView view{.method = method,
                   .target = target,
                   .host = host,
                   .fields = fields,
                   .over_tls = true,
                   .body_kind = BodyKind::sized,
                   .body_size = 7};
  StoredRequest request(view);
  for (auto* text : {&method, &target, &host, &name, &value}) text->assign(text->size(), '#');
  fields.clear();

  EXPECT_EQ(request.method(), "POST");
  EXPECT_EQ(request.target(), "/a?b");
  EXPECT_EQ(request.host(), "a.test:80");
  EXPECT_TRUE(request.over_tls());
  EXPECT_EQ(request.body_kind(), BodyKind::sized);
  EXPECT_EQ(request.body_size(), 7u);
  ASSERT_EQ(request.fields().size(), 3u);
  EXPECT_EQ(request.fields()[0].name, "X-Name");
  EXPECT_EQ(request.fields()[0].value, "some value");
  EXPECT_EQ(request.fields()[1].value, "");
  EXPECT_EQ(request.field("X-NAME"), "some value") << "the first one, in any case";
  EXPECT_EQ(request.field("X_Name"), "");
  EXPECT_EQ(request.field("absent"), "");
}

TEST(StoredRequest, AnEmptyOne) {
  StoredRequest request(RequestView{});
  EXPECT_EQ(request.method(), "");
  EXPECT_TRUE(request.fields().empty());
  EXPECT_EQ(request.body_kind(), BodyKind::none);
}

TEST(StoredRequest, MethodsThatMayBeSentAgain) {
  auto safe = [](std::string_view method) {
    RequestView view;
    view.method = method;
    return StoredRequest(view).retry_safe();
  };
  for (auto method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "QUERY"}) EXPECT_TRUE(safe(method)) << method;
  for (auto method : {"POST", "PATCH", "get", "GETX", "", "TRACE"}) EXPECT_FALSE(safe(method)) << method;
}

}  // namespace
}  // namespace holdfast::proxy
