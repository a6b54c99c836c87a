import { BlockList, isIP, SocketAddress } from "node:net";

interface Range {
  address: string;
  prefix: number;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; nothing for what is neither. */
export function readRange(text: string): Range | undefined {
  const [, bare = "", bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = isIP(bare) && !bare.includes("%") ? canonical(bare) : undefined;
  if (!address) return;
  const longest = isIP(address) === 4 ? 32 : 128;
  const prefix = Number(bits ?? longest);
  return prefix <= longest ? { address, prefix } : undefined;
}

export type Addresses = (socket: string | undefined, forwarded: string | null) => string;

/**
 * Finds out where a request comes from. Anybody can write what they like into `X-Forwarded-For`; only the proxies in
 * these ranges are believed, each about the one before it. Says once where one seems to have been forgotten.
 */
export function addressesBehind(proxies: string[], warn: (sentence: string) => void): Addresses {
  const trusted = rangesOf(proxies);
  let warned = false;
  return (socket, forwarded) => {
    const nearest = canonical(socket ?? "") ?? "";
    if (forwarded && !warned && includes(near, nearest) && !includes(trusted, nearest)) {
      warned = true;
      warn(
        `A proxy at ${nearest} says for whom it asks, and is not believed: all who come through it count as one. Set TRUSTED_PROXIES to believe it.`,
      );
    }
    return networkOf(behind(trusted, nearest, forwarded?.split(",") ?? []));
  };
}

/** From the right, past every proxy that is trusted, to the first that is not; no further than what is an address. */
function behind(trusted: BlockList, nearest: string, chain: string[]): string {
  let address = nearest;
  for (const said of chain.reverse()) {
    const next = includes(trusted, address) ? canonical(said) : undefined;
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

/** Where proxies stand: on this machine, and in private networks. */
const near = rangesOf(["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]);

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

function includes(list: BlockList, address: string): boolean {
  return isIP(address) > 0 && list.check(address, familyOf(address));
}

/** One spelling for each address: without port, brackets and zone, and IPv4 as such, though it came over IPv6. */
function canonical(text: string): string | undefined {
  const [, inBrackets, v4] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text.trim()) ?? [];
  const address = (inBrackets ?? v4 ?? text.trim()).replace(/%.*$/s, "");
  if (!isIP(address)) return;
  const spelt = new SocketAddress({ address, family: familyOf(address) }).address;
  return spelt.replace(/^::ffff:(?=\d+\.)/, "");
}

/** Whoever has one IPv6 address has the 2^64 around it. */
function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`;
}
