import { expect, test, vi } from "vitest";
import { addressesBehind } from "../src/http/client-address.ts";

const trusting = addressesBehind(["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"], () => undefined);
const trustingNone = addressesBehind([], () => undefined);

test("X-Forwarded-For is ignored unless a trusted proxy sends it", () => {
  expect(trustingNone("192.0.2.7", "203.0.113.9")).toBe("192.0.2.7");
  expect(trustingNone("127.0.0.1", "203.0.113.9")).toBe("127.0.0.1");
  expect(trusting("192.0.2.7", "203.0.113.9")).toBe("192.0.2.7");
  expect(trusting("127.0.0.2", "203.0.113.9")).toBe("127.0.0.2");
  expect(trusting(undefined, "203.0.113.9")).toBe("");
});

test.each([
  [
    "the address that the proxy added, not the one that its client sent",
    "127.0.0.1",
    "198.51.100.1, 203.0.113.9",
    "203.0.113.9",
  ],
  ["past every trusted proxy", "127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.2.3, 10.9.9.9", "203.0.113.9"],
  ["a chain of trusted proxies only", "127.0.0.1", "10.1.2.3,10.9.9.9", "10.1.2.3"],
  ["a chain that the client invented", "127.0.0.1", "127.0.0.1, 10.0.0.1, 203.0.113.9", "203.0.113.9"],
  ["no header", "127.0.0.1", null, "127.0.0.1"],
  ["an empty header", "127.0.0.1", " , ,", "127.0.0.1"],
  ["no address in the header", "127.0.0.1", "unknown", "127.0.0.1"],
  ["an invalid entry in the middle", "127.0.0.1", "203.0.113.9, <script>, 10.1.2.3", "10.1.2.3"],
  ["a proxy with an IPv4-mapped IPv6 address", "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["the same in another spelling", "::ffff:7f00:1", "203.0.113.9", "203.0.113.9"],
  ["a client with an IPv4-mapped IPv6 address", "127.0.0.1", "::FFFF:203.0.113.9", "203.0.113.9"],
  ["an IPv4 client with its port", "127.0.0.1", "203.0.113.9:51234", "203.0.113.9"],
  ["an IPv6 client with its port", "127.0.0.1", "[2001:db8:2::9]:443", "2001:db8:2:0::/64"],
  ["an IPv6 proxy", "2001:db8:1::5", "203.0.113.9", "203.0.113.9"],
])("%s", (_, socket, forwarded, address) => {
  expect(trusting(socket, forwarded)).toBe(address);
});

test("all addresses of one IPv6 network count as one client", () => {
  const spellings = ["2001:db8:2:3::1", "2001:DB8:2:3:ffff:ffff:ffff:ffff", "2001:0db8:0002:0003:a:b:c:d"];
  for (const spelling of spellings) expect(trusting(spelling, null)).toBe("2001:db8:2:3::/64");
  expect(trusting("2001:db8:2:4::1", null)).not.toBe("2001:db8:2:3::/64");
  expect(trusting("1::5:6:7:8:9:a", null)).toBe("1:0:5:6::/64");
  expect(trusting("fe80::1%eth0", null)).toBe("fe80:0:0:0::/64");
  expect(trusting("::1", null)).toBe("0:0:0:0::/64");
});

test("a nearby proxy that is not trusted is named in one warning", () => {
  const warn = vi.fn();
  const addressOf = addressesBehind(["10.0.0.1"], warn);
  addressOf("10.0.0.1", "203.0.113.9");
  addressOf("198.51.100.1", "203.0.113.9");
  expect(warn).not.toHaveBeenCalled();
  addressOf("::ffff:172.18.0.2", "203.0.113.9");
  addressOf("172.18.0.3", "203.0.113.9");
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^A proxy at 172\.18\.0\.2 .* Set TRUSTED_PROXIES/)]]);
});
