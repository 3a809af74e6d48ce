# SPDX-License-Identifier: Apache-2.0
"""Origins that send grip-instruct documents, and what happens where instructions cannot be followed."""
import json


def document(rig, value, headers=(), status=200, content_type="application/grip-instruct"):
    """Lets the origin answer with this document; returns the path."""
    path = rig.path("doc")
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    rig.origin.reply(path, status, body, [("Content-Type", content_type), *headers])
    return path


def refused(rig, path, what):
    client = rig.connect()
    response = client.get(path)
    assert (response.status, response.body) == (502, b"Error while proxying to origin.\n")
    assert not [name for name in response.names() if name.startswith("grip-")]
    assert client.get("/next").status == 200
    debug = rig.get(path, host="debug.test")
    assert (
        debug.status == 502 and debug.text.startswith("Failed to parse accept instructions: ") and what in debug.text
    ), debug.text
    assert debug.text.count("\n") == 1
