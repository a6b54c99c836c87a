import { BlockList, isIP, SocketAddress } from "node:net";

interface Range {
  address: string;
  prefix: number;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address. Returns undefined for other texts. */
export function readRange(text: string): Range | undefined {
  const [, bare = "", bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = isIP(bare) && !bare.includes("%") ? canonical(bare) : undefined;
  if (!address) return;
  const maxPrefix = isIP(address) === 4 ? 32 : 128;
  const prefix = Number(bits ?? maxPrefix);
  return prefix <= maxPrefix ? { address, prefix } : undefined;
}

export type Addresses = (socket: string | undefined, forwarded: string | null) => string;

/**
 * Returns a function that finds the address of the client behind a socket and an `X-Forwarded-For`. Anybody can send that
 * header, so only proxies in these ranges are trusted, each about the address before it. It warns once if a proxy on
 * this machine or in a private network is not trusted.
 */
export function addressesBehind(proxies: string[], warn: (sentence: string) => void): Addresses {
  const trusted = rangesOf(proxies);
  let warned = false;
  return (socket, forwarded) => {
    const nearest = canonical(socket ?? "") ?? "";
    if (forwarded && !warned && includes(nearby, nearest) && !includes(trusted, nearest)) {
      warned = true;
      warn(
        `A proxy at ${nearest} sends X-Forwarded-For and is not trusted, so all its clients count as one. Set TRUSTED_PROXIES to trust it.`,
      );
    }
    return networkOf(clientBehind(trusted, nearest, forwarded?.split(",") ?? []));
  };
}

/** The first address from the right that is not a trusted proxy; an invalid entry ends the search. */
function clientBehind(trusted: BlockList, nearest: string, chain: string[]): string {
  let address = nearest;
  for (const entry of chain.reverse()) {
    const next = includes(trusted, address) ? canonical(entry) : undefined;
    if (!next) break;
    address = next;
  }
  return address;
}

function rangesOf(texts: string[]): BlockList {
  const list = new BlockList();
  for (const { address, prefix } of texts.flatMap((text) => readRange(text) ?? []))
    list.addSubnet(address, prefix, familyOf(address));
  return list;
}

/** This machine and private networks, where proxies usually are. */
const nearby = rangesOf(["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]);

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

function includes(list: BlockList, address: string): boolean {
  return isIP(address) > 0 && list.check(address, familyOf(address));
}

/** One spelling of each address, without port, brackets and zone; IPv4-mapped IPv6 becomes IPv4. Undefined if invalid. */
function canonical(text: string): string | undefined {
  const [, inBrackets, v4] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text.trim()) ?? [];
  const address = (inBrackets ?? v4 ?? text.trim()).replace(/%.*$/s, "");
  if (!isIP(address)) return;
  const canonicalAddress = new SocketAddress({ address, family: familyOf(address) }).address;
  return canonicalAddress.replace(/^::ffff:(?=\d+\.)/, "");
}

/** A client with one IPv6 address usually has its whole /64. */
function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`;
}
