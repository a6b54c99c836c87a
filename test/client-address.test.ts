import { expect, test, vi } from "vitest";
import { addressesBehind } from "../src/http/client-address.ts";

const known = addressesBehind(["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"], () => undefined);
const unknown = addressesBehind([], () => undefined);

test("nobody is believed about who is behind them, unless they are trusted", () => {
  expect(unknown("192.0.2.7", "203.0.113.9")).toBe("192.0.2.7");
  expect(unknown("127.0.0.1", "203.0.113.9")).toBe("127.0.0.1");
  expect(known("192.0.2.7", "203.0.113.9")).toBe("192.0.2.7");
  expect(known("127.0.0.2", "203.0.113.9")).toBe("127.0.0.2");
  expect(known(undefined, "203.0.113.9")).toBe("");
});

test.each([
  ["what the proxy wrote, not what its client had sent along", "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"],
  ["past every trusted one", "127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.2.3, 10.9.9.9", "203.0.113.9"],
  ["a chain of nothing but trusted ones", "127.0.0.1", "10.1.2.3,10.9.9.9", "10.1.2.3"],
  ["a chain that a client made up before it", "127.0.0.1", "127.0.0.1, 10.0.0.1, 203.0.113.9", "203.0.113.9"],
  ["nothing said", "127.0.0.1", null, "127.0.0.1"],
  ["an empty header", "127.0.0.1", " , ,", "127.0.0.1"],
  ["no address at all", "127.0.0.1", "unknown", "127.0.0.1"],
  ["no address in the middle", "127.0.0.1", "203.0.113.9, <script>, 10.1.2.3", "10.1.2.3"],
  ["a proxy that is reached over IPv6 by its IPv4 address", "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["the same, spelt otherwise", "::ffff:7f00:1", "203.0.113.9", "203.0.113.9"],
  ["a client that is written so", "127.0.0.1", "::FFFF:203.0.113.9", "203.0.113.9"],
  ["an IPv4 client with its port", "127.0.0.1", "203.0.113.9:51234", "203.0.113.9"],
  ["an IPv6 client with its port", "127.0.0.1", "[2001:db8:2::9]:443", "2001:db8:2:0::/64"],
  ["an IPv6 proxy", "2001:db8:1::5", "203.0.113.9", "203.0.113.9"],
])("%s", (_, socket, forwarded, address) => {
  expect(known(socket, forwarded)).toBe(address);
});

test("all that one IPv6 client can call itself counts as one", () => {
  const spellings = ["2001:db8:2:3::1", "2001:DB8:2:3:ffff:ffff:ffff:ffff", "2001:0db8:0002:0003:a:b:c:d"];
  for (const one of spellings) expect(known(one, null)).toBe("2001:db8:2:3::/64");
  expect(known("2001:db8:2:4::1", null)).not.toBe("2001:db8:2:3::/64");
  expect(known("1::5:6:7:8:9:a", null)).toBe("1:0:5:6::/64");
  expect(known("fe80::1%eth0", null)).toBe("fe80:0:0:0::/64");
  expect(known("::1", null)).toBe("0:0:0:0::/64");
});

test("a proxy nearby that nobody said to trust is named, once", () => {
  const warn = vi.fn();
  const addressOf = addressesBehind(["10.0.0.1"], warn);
  addressOf("10.0.0.1", "203.0.113.9");
  addressOf("198.51.100.1", "203.0.113.9");
  expect(warn).not.toHaveBeenCalled();
  addressOf("::ffff:172.18.0.2", "203.0.113.9");
  addressOf("172.18.0.3", "203.0.113.9");
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^A proxy at 172\.18\.0\.2 .* Set TRUSTED_PROXIES/)]]);
});
