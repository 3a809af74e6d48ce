# SPDX-License-Identifier: Apache-2.0
"""An origin as somebody would write it with PyPI's gripcontrol: python app.py PORT GRIP_URL ZMQ_PUSH_URI ZMQ_PUB_URI"""
import sys
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from gripcontrol import (Channel, GripPubControl, HttpResponseFormat, HttpStreamFormat, Response,
                         create_grip_channel_header, create_hold_response, create_hold_stream, parse_grip_uri,
                         validate_sig)
from pubcontrol import Item, PubControl

PORT, GRIP_URL, PUSH_URI, PUB_URI = sys.argv[1:]
CONFIG = parse_grip_uri(GRIP_URL)
subscribed = set()  # what the daemon listens to, as the library is told on its XPUB socket


def on_subscription(action, channel):
    (subscribed.add if action == "sub" else subscribed.discard)(channel)


PUBLISHERS = {
    "http": GripPubControl(CONFIG),
    "push": PubControl({"zmq_push_uri": PUSH_URI}),
    "pub": PubControl({"zmq_pub_uri": PUB_URI, "require_subscribers": True}, on_subscription),
}


def feed(query, _body):
    return "200 OK", [("Content-Type", "text/event-stream"), ("Grip-Hold", "stream"),
                      ("Grip-Channel", create_grip_channel_header(query["channel"])),
                      ("Grip-Keep-Alive", "event: keep-alive\\ndata:\\n\\n; format=cstring; timeout=1")], b"data: open\n\n"


def wait(query, _body):
    return "200 OK", [("Content-Type", "text/plain"), ("Grip-Hold", "response"), ("Grip-Timeout", query["timeout"]),
                      ("Grip-Channel", create_grip_channel_header([Channel(query["channel"]), Channel("other")]))
                      ], b"nothing\n"


def document(query, _body):
    """The same two holds as JSON documents."""
    answer = Response(headers={"Content-Type": "text/plain", "X-From": "document"}, body="open\n")
    if query["mode"] == "stream":
        text = create_hold_stream(query["channel"], answer)
    else:
        text = create_hold_response(query["channel"], answer, timeout=int(query["timeout"]))
    return "200 OK", [("Content-Type", "application/grip-instruct")], text.encode()


def publish(query, body):
    text = body.decode()
    item = Item([HttpStreamFormat(f"data: {text}\n\n"), HttpResponseFormat(body=text)], id=query.get("id"))
    PUBLISHERS[query["by"]].publish(query["channel"], item, blocking=True)
    return "200 OK", [], b"published\n"


def publish_many(query, _body):
    """Without waiting: the library sends what has piled up as one request of several items."""
    for number in range(int(query["count"])):
        PUBLISHERS["http"].publish(query["channel"], Item(HttpStreamFormat(f"data: {number}\n\n")))
    return "200 OK", [], b"queued\n"


def close(query, _body):
    PUBLISHERS["http"].publish(query["channel"], Item(HttpStreamFormat(close=True)), blocking=True)
    return "200 OK", [], b"closed\n"


def is_subscribed(query, _body):
    return "200 OK", [], b"yes" if query["channel"] in subscribed else b"no"


PATHS = {"/feed": feed, "/wait": wait, "/document": document, "/publish": publish, "/publish-many": publish_many,
         "/close": close, "/is-subscribed": is_subscribed}
NEED_PROXY = {"/feed", "/wait", "/document"}


def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    query = {name: values[-1] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    path = environ["PATH_INFO"]
    signature = environ.get("HTTP_GRIP_SIG", "")
    if path in NEED_PROXY and not validate_sig(signature, CONFIG["verify_key"], CONFIG["verify_iss"]):
        status, headers, content = "501 Not Implemented", [], b"needs a GRIP proxy\n"
    else:
        status, headers, content = PATHS[path](query, body)
    start_response(status, [*headers, ("Content-Length", str(len(content)))])
    return [content]


class QuietHandler(WSGIRequestHandler):
    def log_request(self, *_):
        pass


make_server("127.0.0.1", int(PORT), app, handler_class=QuietHandler).serve_forever()
