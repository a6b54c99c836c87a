import type { Permission } from "./permissions.ts";
import type { Client } from "./security-events.ts";

export interface Person {
  id: string;
  name: string;
  kind: "person" | "machine";
  email: string | null;
}

/** A person who is away and has named the actor as their substitute in a role. */
export interface StandIn {
  person_id: string;
  person: string;
  role: string;
  until_at: string;
}

/** The person or machine that acts on a site, with its rights, the time and the request. Every verb takes one. */
export interface Actor {
  person: Person;
  /** The slugs of its roles on this site. */
  roles: string[];
  permissions: ReadonlySet<Permission>;
  /** How it is known who a guest is, such as "code sent to j…@agency.example"; undefined for who has an account. */
  guest?: string | undefined;
  /** For whom this person may decide at this moment. Only loaded where decisions are made and shown. */
  standsInFor?: StandIn[] | undefined;
  /** When Sitebook got the request, ISO 8601 UTC with milliseconds. */
  at: string;
  /** When this browser signed in; undefined for a token. */
  signedInAt?: string | undefined;
  /** Where the request came from, for security events; undefined for a token or the command line. */
  client?: Client | undefined;
  /** The key of a request that may be repeated, and a fingerprint of its content. */
  request?: { key: string; fingerprint: string } | undefined;
}

/** Who changes accounts, roles or how people sign in, which belong to no site, and from where. */
export interface ActingPerson {
  person: Person;
  client: Client;
  at: string;
}

/** The actor of a request on a site: the person or token with the roles that they have there. */
export const actorOn = (
  { roles, permissions }: Pick<Actor, "roles" | "permissions">,
  person: Person,
  at: string,
  request?: Actor["request"],
): Actor => ({ person, roles, permissions, at, request });

/** The actor of what happens outside of any site, such as creating one. */
export const actorWithoutSite = (person: Person, at: string, request?: Actor["request"]): Actor =>
  actorOn({ roles: [], permissions: new Set() }, person, at, request);

/** For verbs that return a secret: it must not be stored with the results of requests that may be repeated. */
export const withoutReplay = (actor: Actor): Actor => ({ ...actor, request: undefined });
