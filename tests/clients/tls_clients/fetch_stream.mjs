// SPDX-License-Identifier: Apache-2.0
// node's fetch: prints a stream as it comes. fetch_stream.mjs URL, with NODE_EXTRA_CA_CERTS=FILE
const response = await fetch(process.argv[2])
if (!response.ok) throw new Error(`status ${response.status}`)
for await (const part of response.body) process.stdout.write(part)
