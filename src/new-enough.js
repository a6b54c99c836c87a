// Runs before anything else. Plain JavaScript, so that a Node that cannot read the rest can still say so: it would
// refuse TypeScript with a stack trace, or crash without a word in the SQLite driver.
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Sitebook needs Node 22.18 or newer, and this is ${process.versions.node}. Start it with npm (npm start, npm run sitebook), which brings the right one along where it can; else install a newer Node.`,
  );
  process.exit(2);
}

// From the second start on nothing is compiled, nor read as TypeScript, that was so before. Where the folder cannot be
// written to, Node does without.
module.enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url)));
