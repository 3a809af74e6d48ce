# SPDX-License-Identifier: Apache-2.0
"""httpx: prints the lines of a stream as they come. httpx_stream.py URL CA_FILE"""
import ssl
import sys

import httpx

url, ca = sys.argv[1:]
with httpx.Client(verify=ssl.create_default_context(cafile=ca), timeout=60) as client:
    with client.stream("GET", url) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            print(line, flush=True)
