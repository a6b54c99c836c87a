import { Refusal } from "../errors.ts";
import type { IntakeContext, ReadLine } from "../intake/lines.ts";
import { firstContent, readLines } from "../intake/read-lines.ts";
import { refuseRepeated } from "../intake/repeated.ts";
import { sitemapTable } from "../intake/sitemap-table.ts";
import { linesOfText, type TextLine, textLines, windows1252 } from "../intake/text-lines.ts";
import { fetchSitemap } from "../network/fetch-sitemap.ts";
import { maxPlacements } from "../record/report.ts";
import { formatCount } from "../text.ts";

export interface Intake {
  /** A file, if one was uploaded. */
  file: Uint8Array | undefined;
  /** The address of a sitemap; empty if there is none. */
  sitemap: string;
  lines: string;
}

/** The text that a person gave, as the form shows it. `converted` if it was read as Windows-1252. */
export type IntakeText =
  | { lines: string; converted?: boolean }
  | { path: "file" | "sitemap" | "lines"; message: string };

interface Reachable {
  /** Of the servers of the environment. */
  baseUrls: string[];
  /** Whether Sitebook may call a network address. */
  isAllowed: (address: string) => boolean;
}

/**
 * What a person gave as a file, the address of a sitemap or pasted lines, as lines that can be edited. A sitemap becomes
 * a table, and is fetched only for a preview.
 */
export async function readIntake(
  { file, sitemap, lines }: Intake,
  { baseUrls, isAllowed }: Reachable,
): Promise<IntakeText> {
  const path = file ? "file" : sitemap ? "sitemap" : "lines";
  try {
    if (file) return await readFile(file);
    if (sitemap) return { lines: await fetchSitemap(sitemap, baseUrls, { isAllowed }) };
    return { lines: isXml(lines) ? await sitemapTable(linesOfText(lines)) : lines };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { path, message: error.message };
  }
}

async function readFile(file: Uint8Array): Promise<IntakeText> {
  const first = await firstContent(textLines([file]));
  if (first && isXml(first.text)) return { lines: await sitemapTable(textLines([file])) };
  const { text, wrong } = await textOf(textLines([file]));
  return wrong ? { lines: (await textOf(textLines([file], windows1252))).text, converted: true } : { lines: text };
}

/** What the form can send back is at most so large. */
const maxLength = 10 * 1024 * 1024;

async function textOf(lines: AsyncIterable<TextLine>): Promise<{ text: string; wrong: boolean }> {
  const texts: string[] = [];
  let [length, wrong] = [0, false];
  for await (const line of lines) {
    length += line.text.length + 1;
    if (length > maxLength)
      throw new Refusal(422, "This file has more than 10 MB when it is unpacked. Record it in parts.");
    texts.push(line.text);
    if (line.wrong) wrong = true;
  }
  return { text: texts.join("\n"), wrong };
}

const isXml = (text: string): boolean => /^\s*</.test(text);

/** All lines of the form, or why its text as a whole cannot be read. */
export async function readText(
  text: string,
  context: IntakeContext,
): Promise<{ read: ReadLine[]; unreadable?: string }> {
  const read: ReadLine[] = [];
  try {
    for await (const line of readLines(linesOfText(text), context)) {
      if (read.length === maxLines) return { read: [], unreadable: tooManyLines };
      read.push(line);
    }
    return { read: refuseRepeated(read, context.notices) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { read: [], unreadable: error.message };
  }
}

/** More than a deployment can have, so that the refusal can still count them. */
const maxLines = 5 * maxPlacements;

const tooManyLines = `A deployment can have at most ${formatCount(maxPlacements)} lines; this one has more than ${formatCount(maxLines)}. Record it in parts.`;
