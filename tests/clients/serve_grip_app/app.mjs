// SPDX-License-Identifier: Apache-2.0
// An origin as somebody would write it with express and npm's @fanoutio/serve-grip: node app.mjs PORT GRIP_URL
import express from "express";
import { ServeGrip } from "@fanoutio/serve-grip";
import { Channel, HttpStreamFormat, Item } from "@fanoutio/grip";

const [port, gripUrl] = process.argv.slice(2);
const serveGrip = new ServeGrip({ grip: gripUrl });
const app = express();
app.use(serveGrip);

const needsProxy = (req, res, next) => {
  if (req.grip.isProxied && req.grip.isSigned) next();
  else res.status(501).end("needs a GRIP proxy\n");
};

app.get("/feed", needsProxy, (req, res) => {
  const instruct = res.grip.startInstruct();
  instruct.addChannel(req.query.channel);
  instruct.setHoldStream();
  instruct.setKeepAlive("event: keep-alive\ndata:\n\n", 1);
  res.type("text/event-stream").end("data: open\n\n");
});

// 304 in the end: the library turns it into a 200 with Grip-Status.
app.get("/wait", needsProxy, (req, res) => {
  const instruct = res.grip.startInstruct();
  instruct.addChannel([new Channel(req.query.channel), new Channel("other")]);
  instruct.setHoldLongPoll(Number(req.query.timeout));
  res.status(304).end();
});

app.post("/publish", express.text({ type: () => true }), async (req, res) => {
  const publisher = serveGrip.getPublisher();
  await publisher.publishHttpStream(req.query.channel, `data: ${req.body}\n\n`);
  await publisher.publishHttpResponse(req.query.channel, req.body);
  res.end("published\n");
});

app.post("/close", async (req, res) => {
  const item = new Item(new HttpStreamFormat(null, true));
  await serveGrip.getPublisher().publish(req.query.channel, item);
  res.end("closed\n");
});

app.listen(Number(port), "127.0.0.1");
