// Attacks a server on this machine: `node test/support/attacks/attacker.ts URL NAME...`. For each line of input it prints
// the tally of each attack as JSON. It runs until its input ends.
import { createInterface } from "node:readline";
import { onConnections } from "./connections.ts";
import { Count } from "./count.ts";
import { floods } from "./floods.ts";

const [address = "", ...names] = process.argv.slice(2);
const target = new URL(address);
if (target.hostname !== "localhost") throw new Error("Attack only servers on this machine.");
target.hostname = "127.0.0.1";

const attacks = names.map((name) => {
  const attack = { ...onConnections, ...floods }[name];
  if (!attack) throw new Error(`There is no attack "${name}".`);
  const count = new Count();
  return { name, count, stop: attack(target, count) };
});
const input = createInterface(process.stdin);
input.on("line", () =>
  console.log(JSON.stringify(Object.fromEntries(attacks.map(({ name, count }) => [name, count.tally])))),
);
input.on("close", () => {
  for (const { stop } of attacks) stop();
  process.exit(0);
});
