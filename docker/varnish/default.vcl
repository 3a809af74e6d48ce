# SPDX-License-Identifier: Apache-2.0
# A cache between Holdfast and its origin. Instructions (Grip-Hold and what goes with it) are headers like others: they
# are stored with the answer that they came with, so one request of the origin serves every client that asks for the same
# URL, streams and long-polls included. What is published reaches all of them; the cache sees none of it.
vcl 4.1;

backend origin {
  .host = "origin";
  .port = "8080";
}

sub vcl_backend_response {
  # What does not say how long it is fresh, the built-in rules would keep for two minutes: too long for the state that a
  # stream begins with.
  if (!beresp.http.Cache-Control && !beresp.http.Expires) {
    set beresp.ttl = 10s;
  }
}
