import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { guardedLookup, hostOf } from "../network/private-networks.ts";
import { privateSentence } from "../network/rules.ts";

export interface PostResult {
  status: number;
  /** The beginning of the response. */
  answer: string;
}

const maxAnswerLength = 500;

/** How long the rest of a response is read after its status. */
const maxAnswerMs = 1000;

/**
 * Posts JSON. No redirect is followed. The addresses of a name are checked when the connection is made, so that a name that
 * resolves to another address by then is refused too. Throws if there is no status within `timeoutMs`.
 */
export function postJson(
  url: URL,
  body: string,
  headers: Record<string, string>,
  { isAllowed, timeoutMs = 15_000 }: { isAllowed: (address: string) => boolean; timeoutMs?: number },
): Promise<PostResult> {
  const host = hostOf(url);
  if (!isAllowed(host)) return Promise.reject(new Error(privateSentence(host)));
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((done, fail) => {
    const request = send(url, {
      method: "POST",
      headers: {
        ...headers,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "user-agent": "Sitebook",
      },
      lookup: guardedLookup(isAllowed),
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.on("error", fail);
    request.on("response", (response) => {
      // its status counts, however slowly the rest follows: what was accepted must not be sent again
      request.off("error", fail).on("error", () => undefined);
      setTimeout(() => response.destroy(), maxAnswerMs).unref();
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        answer += text;
        if (answer.length > maxAnswerLength) response.destroy();
      });
      response.on("error", () => undefined);
      response.on("close", () => done({ status: response.statusCode ?? 0, answer: answer.slice(0, maxAnswerLength) }));
    });
    request.end(body);
  });
}
