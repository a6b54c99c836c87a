import { examine } from "./examine.ts";

// Half a screen wide, tables are not yet shown as cards.
examine(1280, 720);
