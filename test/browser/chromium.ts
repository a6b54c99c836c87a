import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

// The package's own arguments are for AWS Lambda: they switch off web security, which would hide CSP and CSRF faults.
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  // Each page starts anew: optimizing its scripts, using other threads, and collecting less than 32 MB of garbage take longer
  // than they save.
  "--js-flags=--single-threaded --no-opt --no-maglev --min-semi-space-size=32",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];

/** Chromium from npm, with its own libraries and a font, since the machine may have neither. It can only reach this machine. */
export async function launchChromium(): Promise<Browser> {
  const folder = await unpack();
  const env = { FONTCONFIG_FILE: join(folder, "fonts.conf"), LD_LIBRARY_PATH: join(folder, "al2023/lib") };
  return chromium.launch({ executablePath: join(folder, "chromium"), args, env: { ...process.env, ...env } });
}

/** Before several workers would do so at once. */
export default async function setup(): Promise<void> {
  await unpack();
}

/** Unpacks it once for each installation, next to the package, in a folder that gets its name when it is complete. */
async function unpack(): Promise<string> {
  const home = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..");
  const folder = join(home, "unpacked");
  if (existsSync(folder)) return folder;
  const partial = await mkdtemp(join(home, "unpacking-"));
  await unpackInto(partial, join(home, "bin/al2023.tar.br"));
  await rename(partial, folder).catch(() => rm(partial, { recursive: true })); // another run was faster
  return folder;
}

async function unpackInto(folder: string, libraries: string): Promise<void> {
  // in a process of its own, since the package always unpacks into the temporary folder
  const script = `import chromium, { inflate } from "@sparticuz/chromium";
    await Promise.all([chromium.executablePath(), inflate(process.argv[1])]);`;
  const options = { cwd: import.meta.dirname, env: { ...process.env, TMPDIR: folder } };
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script, libraries], options);
  const fonts = `<include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir prefix="relative">fonts</dir>`;
  await writeFile(join(folder, "fonts.conf"), `<fontconfig>${fonts}</fontconfig>`);
}
