import { examine } from "./examine.ts";

// 320 pixels is a desktop page zoomed to 400 %, as WCAG 1.4.10 requires.
examine(360, 320);
