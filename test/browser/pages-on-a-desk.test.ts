import { examine } from "./examine.ts";

// Half a screen, where tables are tables still.
examine(1280, 720);
