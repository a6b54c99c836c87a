import { examine } from "./examine.ts";

// A desk's page enlarged fourfold, as WCAG 1.4.10 has it.
examine(360, 320);
