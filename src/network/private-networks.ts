import { lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { readRange } from "../http/client-address.ts";
import { privateSentence } from "./rules.ts";

/** Networks that are not the public internet: this machine, private and link-local ones, and what has no single host. */
const privateNetworks = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "::/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/32",
  "2001:db8::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
]; // prettier-ignore

function listOf(ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges.flatMap((text) => readRange(text) ?? []))
    list.addSubnet(range.address, range.prefix, familyOf(range.address));
  return list;
}

const familyOf = (address: string) => (isIP(address) === 4 ? "ipv4" : "ipv6");

const isPrivate = listOf(privateNetworks);

/** Whether Sitebook may call an address: a public one, or one in these networks. Of a name, that is found when it is called. */
export function callable(networks: string[]): (address: string) => boolean {
  const allowed = listOf(networks);
  return (text) => {
    if (!isIP(text)) return true;
    const address = text.replace(/^::ffff:(?=\d+\.)/i, "");
    const family = familyOf(address);
    return allowed.check(address, family) || !isPrivate.check(address, family);
  };
}

/** The host of an address as it is connected to: an IPv6 address without its brackets. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

/** Checks the addresses of a name when the connection is made, so that a name that resolves to another address by then is refused. */
export const guardedLookup =
  (isAllowed: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const wrong = addresses?.find(({ address }) => !isAllowed(address));
      if (error || wrong) return callback(error ?? new Error(privateSentence(wrong?.address ?? "")), "", 0);
      if (options.all) return callback(null, addresses);
      callback(null, addresses[0]?.address ?? "", addresses[0]?.family ?? 0);
    });
  };
