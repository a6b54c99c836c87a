import { cases } from "./cases.ts";
import { examine } from "./examine.ts";

examine(cases.filter((_case, i) => i % 2 === 1));
