# SPDX-License-Identifier: Apache-2.0
# A cache between Holdfast and its origin, as Varnish does it by itself.
vcl 4.1;

backend origin {
  .host = "127.0.0.1";
  .port = "ORIGIN_PORT";
}
