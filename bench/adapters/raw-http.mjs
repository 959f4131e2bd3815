// The limit over HTTP: a POST of JSON over kept connections for every request, a response of server-sent events for a stream.
import { Agent, createServer, request } from "node:http";

async function bodyOf(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export async function serve() {
  const server = createServer(async (incoming, response) => {
    const value = JSON.parse(await bodyOf(incoming));
    if (incoming.url === "/echo") {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    let events = "";
    for (let seq = 0; seq < value; seq++) {
      events += `data: ${JSON.stringify({ seq, ts: 1, value: seq * 0.5 })}\n\n`;
      if (seq % 512 !== 511) continue;
      // One write for all of a turn.
      const hasRoom = response.write(events);
      events = "";
      if (hasRoom) await new Promise(setImmediate);
      else await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end(events);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

export async function connect(address) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, noDelay: true });
  const post = (path, json) =>
    new Promise((resolve, reject) => {
      const options = { method: "POST", agent, headers: { "content-type": "application/json" } };
      request(address + path, options, resolve)
        .on("error", reject)
        .end(json);
    });
  return {
    echo: async (value) => JSON.parse(await bodyOf(await post("/echo", JSON.stringify(value)))),
    async ticks(count) {
      const response = await post("/ticks", String(count));
      response.setEncoding("utf8");
      let received = 0;
      let rest = "";
      for await (const chunk of response) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (!line.startsWith("data: ")) continue;
          JSON.parse(line.slice(6));
          received++;
        }
      }
      return received;
    },
    close: async () => agent.destroy(),
  };
}
