import type { Flag } from "../schema.ts";

export interface VisitSettings {
  honours_robots: Flag;
  pages_at_once: number;
  pause_ms: number;
  max_pages: number;
  /** The host or IP address to connect to, with a port if it has one, in place of the server's own; empty: its own. */
  connect_to: string;
  /** How many links are followed from a page of the record or of the sitemaps; 0: none. */
  link_depth: number;
  /** The names of the parameters that are kept in the queries of links, with spaces between them. */
  kept_parameters: string;
  /** The hosts, with a port if they have one, whose files and links are checked, too, with spaces between them. */
  other_hosts: string;
}

export const visitDefaults: VisitSettings = {
  honours_robots: 1,
  pages_at_once: 4,
  pause_ms: 100,
  max_pages: 5000,
  connect_to: "",
  link_depth: 0,
  kept_parameters: "",
  other_hosts: "",
};

/** The settings alone, of a form that has credentials, too. */
export const settingsOf = (request: VisitSettings): VisitSettings =>
  Object.fromEntries(
    Object.keys(visitDefaults).map((name) => [name, request[name as keyof VisitSettings]]),
  ) as unknown as VisitSettings;

/** The settings of a server as they are entered. */
export interface VisitSettingsRequest extends VisitSettings {
  /** For Basic authentication; empty fields leave the credentials as they are. */
  user: string;
  password: string;
  cookie: string;
  /** One more header, as `Name: value`. */
  header: string;
  removesCredentials: boolean;
}

const ranges = {
  pages_at_once: { from: 1, to: 10, name: "pages at once" },
  pause_ms: { from: 0, to: 60_000, name: "milliseconds" },
  max_pages: { from: 1, to: 10_000, name: "pages" },
  link_depth: { from: 0, to: 10, name: "links" },
} as const;

/** Why a server cannot have these settings, by field. */
export function visitSettingsErrors(request: VisitSettingsRequest): Record<string, string | undefined> {
  const outside = Object.entries(ranges).map(([field, { from, to, name }]) => {
    const value = request[field as keyof typeof ranges];
    const isRight = Number.isInteger(value) && value >= from && value <= to;
    return [field, isRight ? undefined : `Enter a number of ${name} from ${from} to ${to}.`];
  });
  return {
    ...Object.fromEntries(outside),
    password: request.password && !request.user ? "Enter the user name for this password." : undefined,
    user: request.user.includes(":") ? "A user name cannot contain a colon." : undefined,
    cookie: whyNotValue(request.cookie),
    header: request.header && whyNotHeader(request.header),
    connect_to: request.connect_to ? whyNotConnectTo(request.connect_to) : undefined,
    kept_parameters: whyNotParameters(request.kept_parameters),
    other_hosts: whyNotHosts(request.other_hosts),
  };
}

/** The host and port of an address such as `192.0.2.7:8443`; undefined if it is none. */
export function readConnectTo(text: string): { host: string; port: string } | undefined {
  const url = /^[^/?#@\s\\]{1,260}$/.test(text) ? URL.parse(`ftp://${text}`) : null;
  return url?.hostname ? { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port } : undefined;
}

const whyNotConnectTo = (text: string): string | undefined =>
  readConnectTo(text) ? undefined : "Enter a host name or an IP address, with a port if needed: 192.0.2.7:8443.";

function whyNotParameters(text: string): string | undefined {
  const names = text.split(" ").filter(Boolean);
  if (names.length <= 20 && names.every((name) => /^[\w.[\]-]{1,60}$/.test(name))) return;
  return "Enter up to 20 names of parameters, with spaces between them: page lang.";
}

const hostsIn = ({ other_hosts }: Pick<VisitSettings, "other_hosts">): string[] =>
  other_hosts.split(" ").filter(Boolean);

/** The base URLs of the other hosts, by http and https. */
export const otherUrlsOf = (settings: Pick<VisitSettings, "other_hosts">): string[] =>
  hostsIn(settings).flatMap((host) => [`http://${host}`, `https://${host}`]);

function whyNotHosts(other_hosts: string): string | undefined {
  const hosts = hostsIn({ other_hosts });
  if (hosts.length <= 20 && hosts.every((host) => readConnectTo(host) && !host.includes("*"))) return;
  return "Enter up to 20 whole names of hosts, with spaces between them: cdn.example.com.";
}

const whyNotValue = (value: string): string | undefined =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && value.length <= 4000
    ? undefined
    : "A header can have at most 4,000 characters, and no line breaks.";

const notSent = /^(host|connection|content-length|transfer-encoding|user-agent|accept-encoding|if-.*)$/i;

function whyNotHeader(header: string): string | undefined {
  const [, name, value = ""] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/s.exec(header) ?? [];
  if (!name) return "Enter a header as Name: value.";
  return notSent.test(name) ? `Sitebook sets the header ${name} itself.` : whyNotValue(value);
}

/** The headers of a request, by their names; undefined if it has none. */
export function headersOf({
  user,
  password,
  cookie,
  header,
}: VisitSettingsRequest): Record<string, string> | undefined {
  const [, name = "", value = ""] = /^([^:]+):\s*(.*)$/s.exec(header) ?? [];
  const headers = {
    ...(user && { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` }),
    ...(cookie && { Cookie: cookie }),
    ...(name && { [name]: value }),
  };
  return Object.keys(headers).length ? headers : undefined;
}

const maxHours = 24 * 31;

/** Why servers cannot be visited every so many hours; 0: only on request. */
export const whyNotHours = (hours: number): string | undefined =>
  Number.isInteger(hours) && hours >= 0 && hours <= maxHours
    ? undefined
    : `Enter a number of hours from 1 to ${maxHours}, or 0 for visits on request only.`;
