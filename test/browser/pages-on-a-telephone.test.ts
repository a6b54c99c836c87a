import { examine } from "./examine.ts";

examine(360);
