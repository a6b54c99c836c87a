// Runs before anything else, in plain JavaScript, so that a Node that is too old can say so: it would fail on
// TypeScript with a stack trace, or crash in the SQLite driver without a message.
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Sitebook needs Node 22.18 or newer, and this is ${process.versions.node}. Start it with npm (npm start, npm run sitebook), which on 64-bit Linux comes with the right one, or install a newer Node.`,
  );
  process.exit(2);
}

// Later starts need not compile anything again, nor strip types. If the folder cannot be written to, Node does without.
module.enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url)));
