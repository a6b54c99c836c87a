import { record } from "../deployments/deployments.ts";
import { complete } from "../promotions/promotions.ts";

/** Those that may be about thousands of lines. */
export const verbs = { record, complete };

export type Verbs = typeof verbs;
