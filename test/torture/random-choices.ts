import type { CastMember } from "./cast.ts";
import { type KnownPromotion, turnOf } from "./known-promotions.ts";
import type { Ledger } from "./ledger.ts";
import type { Write, WriteRequest, WriteType } from "./writes.ts";

export type Random = () => number;

/** What the next write depends on. */
export interface Moment {
  ledger: Ledger;
  cast: CastMember[];
  by: CastMember;
  mark: string;
  random: Random;
  /** On the servers' clock, ISO 8601 UTC. */
  now: string;
}

/** The request of a type that this person can send at this moment; undefined if there is none. */
export type RequestOf<T extends WriteType> = (moment: Moment) => (WriteRequest & { type: T }) | undefined;

/** The last ones, newest first. */
export const recentPromotions = ({ promotions }: Ledger): KnownPromotion[] =>
  [...promotions.values()].slice(-30).reverse();

/** The recent promotions on which this person has not sent such a thing, in one of these states. */
export const promotionsFor = (
  { ledger, by }: Moment,
  type: WriteType,
  ...states: KnownPromotion["state"][]
): KnownPromotion[] =>
  recentPromotions(ledger).filter(({ state, turns }) => states.includes(state) && !turns.has(turnOf(type, by)));

/** The last acknowledged writes of a type, oldest first. */
export function recent<T extends WriteType>({ writes }: Ledger, type: T): (Write & { type: T })[] {
  const all = writes.slice(-120).filter((write) => write.outcome === "acknowledged" && write.type === type);
  return all.slice(-8) as (Write & { type: T })[];
}

export function pick<T>(list: T[], random: Random): T | undefined {
  return list[Math.floor(random() * list.length)];
}
