import { joinWithAnd } from "../../src/text.ts";
import { type Html, html } from "./html.ts";

type Decider = { person: string; kind: "person" | "machine" };

/** "Theo (Tester)"; "Nightly build (machine, Tester)" for a token. */
export const inRole = ({ person, kind }: Decider, role: string): Html =>
  html`<bdi>${person}</bdi> (${kind === "machine" && "machine, "}<bdi>${role}</bdi>)`;

/** "Theo"; "Nightly build (machine)" for a token. */
export const nameOf = ({ person, kind }: Decider): Html =>
  html`<bdi>${person}</bdi>${kind === "machine" && " (machine)"}`;

/** "Theo (Tester) and Nightly build (machine, Marketing)", also for an attribute. */
export const allInRoles = <T extends Decider>(deciders: T[], role: (decider: T) => string): string =>
  joinWithAnd([
    ...new Set(
      deciders.map((decider) => `${decider.person} (${decider.kind === "machine" ? "machine, " : ""}${role(decider)})`),
    ),
  ]);
