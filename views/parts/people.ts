import { joinWithAnd } from "../../src/text.ts";

type Decider = { person: string; kind: "person" | "machine" };

/** "Theo (Tester)"; "Nightly build (machine, Tester)" for a token. */
export const inRole = ({ person, kind }: Decider, role: string): string =>
  kind === "machine" ? `${person} (machine, ${role})` : `${person} (${role})`;

/** "Theo"; "Nightly build (machine)" for a token. */
export const nameOf = ({ person, kind }: Decider): string => (kind === "machine" ? `${person} (machine)` : person);

/** "Theo (Tester) and Nightly build (machine, Marketing)" */
export const allInRoles = <T extends Decider>(deciders: T[], role: (decider: T) => string): string =>
  joinWithAnd([...new Set(deciders.map((decider) => inRole(decider, role(decider))))]);
