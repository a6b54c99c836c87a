import { type Blocker, type FieldError, Refusal } from "../errors.ts";
import { CommandError, type Io, option, type Values } from "./command.ts";

type Query = Record<string, string | number | undefined>;

interface Problem {
  detail?: string;
  code?: string;
  errors?: FieldError[];
  blockers?: Blocker[];
}

/** The API of one site, which `--site`, SITEBOOK_SITE or the token determines. */
export interface Api {
  site: string;
  get: <T>(path: string, query?: Query) => Promise<T>;
  /** `key`: the same request with the same key is carried out once. */
  post: <T>(path: string, body: object, key?: string) => Promise<T>;
  put: <T>(path: string, body: object, key?: string) => Promise<T>;
  /** All items of a list, page by page. */
  list: <T>(path: string, query?: Query) => AsyncGenerator<T>;
}

export const siteOption = { site: { type: "string" } } as const;

export async function connect(values: Values, io: Io): Promise<Api> {
  const send = sender(io);
  const site = option(values, "site") ?? io.env.SITEBOOK_SITE ?? (await onlySite(send));
  const base = `/sites/${encodeURIComponent(site)}`;
  const get = <T>(path: string, query: Query = {}) => send<T>("GET", `${base}${path}${search(query)}`);
  return {
    site,
    get,
    post: (path, body, key) => send("POST", `${base}${path}`, body, key),
    put: (path, body, key) => send("PUT", `${base}${path}`, body, key),
    async *list<T>(path: string, query: Query = {}) {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page: { items: T[]; next: string | null } = await get(path, { ...query, limit: 1000, cursor });
        yield* page.items;
        cursor = page.next;
      }
    },
  };
}

type Send = <T>(method: string, path: string, body?: object, key?: string) => Promise<T>;

function sender(io: Io): Send {
  const { SITEBOOK_URL: url, SITEBOOK_TOKEN: token } = io.env;
  if (!url) throw new CommandError("Set SITEBOOK_URL to the address of Sitebook, like http://localhost:3000.");
  if (!URL.canParse(url))
    throw new CommandError(`SITEBOOK_URL is "${url}"; set an address like http://localhost:3000.`);
  if (!token) throw new CommandError("Set SITEBOOK_TOKEN to a token. sitebook token create creates one.");
  return async (method, path, body, key) => {
    const repeatable = key === undefined ? {} : { "idempotency-key": key };
    const response = await fetchFrom(io, url, `${url.replace(/\/+$/, "")}/api/v1${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...repeatable },
    });
    return readResponse(response, url);
  };
}

async function fetchFrom(io: Io, url: string, address: string, init: RequestInit): Promise<Response> {
  try {
    return await io.fetch(address, init);
  } catch (error) {
    const { cause = error } = error as { cause?: { code?: string; message?: string } };
    const { code, message } = cause as { code?: string; message?: string };
    const reason = code ?? message;
    throw new CommandError(
      `There is no answer from ${url} (${reason}). Check SITEBOOK_URL, and that Sitebook is running there.`,
    );
  }
}

async function readResponse<T>(response: Response, url: string): Promise<T> {
  if (!/^application\/(problem\+)?json/.test(response.headers.get("content-type") ?? ""))
    throw new CommandError(`The server at ${url} is not Sitebook (status ${response.status}). Check SITEBOOK_URL.`);
  const body = (await response.json()) as T & Problem;
  if (response.ok) return body;
  const { detail = "Sitebook refused it.", code, errors, blockers } = body;
  if (response.status >= 500) throw new CommandError(detail);
  throw new Refusal(response.status as 400, detail, {
    ...(code && { code }),
    ...(errors && { errors }),
    ...(blockers && { blockers }),
  });
}

async function onlySite(send: Send): Promise<string> {
  const { items } = await send<{ items: { slug: string }[] }>("GET", "/sites");
  const [only, ...more] = items.map(({ slug }) => slug);
  if (!only) throw new CommandError("This token has no role on any site.");
  if (more.length)
    throw new CommandError(
      `This token has roles on ${[only, ...more].join(", ")}. Name one with --site or SITEBOOK_SITE.`,
    );
  return only;
}

function search(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, `${value}`]]));
  return pairs.length ? `?${new URLSearchParams(Object.fromEntries(pairs) as Record<string, string>)}` : "";
}
