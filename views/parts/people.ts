import { joinWithAnd } from "../../src/text.ts";
import { eachWithAnd, type Html, html } from "./html.ts";

type Decider = { person: string; person_now?: string | null; kind: "person" | "machine"; role_now?: string | null };

/** A name as of then: "Ada", or "Ada (now called Ada King)". */
export const nameOfThen = (then: string, now: string | null | undefined): Html =>
  html`<bdi>${then}</bdi>${nowCalled(now)}`;

/** To follow a name as of then. Nothing if it is the name of today. */
export const nowCalled = (now: string | null | undefined): Html =>
  html`${now && html` <span class="ago">(now called <bdi>${now}</bdi>)</span>`}`;

/** "Theo (Tester)"; "Nightly build (machine, Tester)" for a token. */
export const inRole = ({ person, person_now, kind, role_now }: Decider, role: string): Html =>
  html`${nameOfThen(person, person_now)} (${kind === "machine" && "machine, "}${nameOfThen(role, role_now)})`;

/** "Theo"; "Nightly build (machine)" for a token. */
export const nameOf = ({ person, person_now, kind }: Decider): Html =>
  html`${nameOfThen(person, person_now)}${kind === "machine" && " (machine)"}`;

/** Who requested a promotion, as the others who acted on it. */
export const requester = (promotion: {
  asked_by: string;
  asked_by_now?: string | null;
  requester_kind: Decider["kind"];
}): Decider => ({
  person: promotion.asked_by,
  person_now: promotion.asked_by_now ?? null,
  kind: promotion.requester_kind,
});

/** "Theo (Tester) and Nightly build (machine, Marketing)" */
export const allInRoles = <T extends Decider>(deciders: T[], role: (decider: T) => string): Html =>
  eachWithAnd(distinct(deciders.map((decider) => inRole(decider, role(decider)))));

/** "Theo and Nightly build (machine)" */
export const allNames = (deciders: Decider[]): Html => eachWithAnd(distinct(deciders.map(nameOf)));

const distinct = (pieces: Html[]): Html[] => [...new Map(pieces.map((piece) => [piece.text, piece])).values()];

/** The same as `allInRoles` as text, for a tooltip. */
export const allInRolesText = (deciders: (Decider & { role: string })[]): string =>
  joinWithAnd([
    ...new Set(deciders.map(({ person, kind, role }) => `${person} (${kind === "machine" ? "machine, " : ""}${role})`)),
  ]);
