// A receiver of webhooks in a process of its own: `node webhook-receiver.ts <file> <mode>`. It appends each request to the
// file, one JSON object a line, before it answers, and prints its port.
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const [file = "", mode] = process.argv.slice(2);
// it may have been killed in the middle of a line
appendFileSync(file, "\n");
const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => {
    body += text;
  });
  request.on("end", () => {
    appendFileSync(file, `${JSON.stringify({ headers: request.headers, body, accepted: mode === "accepts" })}\n`);
    if (mode !== "hangs") response.writeHead(mode === "accepts" ? 204 : 500).end();
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
