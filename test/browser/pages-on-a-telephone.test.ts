import { examine } from "./examine.ts";

// 320 is a desktop page zoomed to 400 %, as WCAG 1.4.10 requires. Axe checks a telephone's width in the other file.
examine({ width: 360, narrower: 320 });
