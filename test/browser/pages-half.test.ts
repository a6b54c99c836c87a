import { cases } from "./cases.ts";
import { examine } from "./examine.ts";

// in two files, for two cores
examine(cases.filter((_case, i) => i % 2 === 0));
