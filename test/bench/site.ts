// A site of 2,000 pages with noise in a process of its own, so that the server under test has its core: prints its address.
import { noiseSource, realPages, realSite } from "../support/real-site.ts";

const pages = await realPages("2022-03-01", 2000);
const { base } = await realSite(pages, { noise: noiseSource(1), linked: [...pages.keys()].slice(0, 8) });
console.log(`The site is at ${base}`);
