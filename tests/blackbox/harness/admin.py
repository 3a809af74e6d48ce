# SPDX-License-Identifier: Apache-2.0
"""The admin listener as an operator uses it."""
import json

from .client import Client
from .openmetrics import Metrics


class Admin:
    def __init__(self, daemon):
        self.daemon = daemon

    def ask(self, method, target, body=None, headers=()):
        """One request on a connection of its own."""
        client = Client(self.daemon.admin_port)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        response = client.ask(method, target, headers, body)
        client.close()
        return response

    def json(self, target, method="GET", status=200, body=None):
        response = self.ask(method, target, body)
        assert (response.status, response.header("content-type")) == (status, "application/json"), response.body
        return json.loads(response.body)

    def metrics(self):
        response = self.ask("GET", "/metrics")
        assert response.status == 200
        assert response.header("content-type") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        return Metrics(response.body.decode())

    def connections(self, query=""):
        return self.json("/connections" + query)["connections"]
