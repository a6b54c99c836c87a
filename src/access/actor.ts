import type { Permission } from "./permissions.ts";

export interface Person {
  id: string;
  name: string;
  kind: "person" | "machine";
  email: string | null;
}

/** Who acts on a site, with what rights, at what moment, by which request. Every verb takes one. */
export interface Actor {
  person: Person;
  /** Role slugs held on this site. */
  roles: string[];
  permissions: ReadonlySet<Permission>;
  /** The moment Sitebook is told, ISO 8601 UTC with milliseconds. */
  at: string;
  /** Where the request may be repeated: its key, and a fingerprint of what it asks. */
  request?: { key: string; fingerprint: string } | undefined;
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

/** For verbs that answer with a secret: it may not be kept with the answers of requests that can be repeated. */
export const withoutReplay = (by: Actor): Actor => ({ ...by, request: undefined });
