import { type Permission, permissionPhrases, permissions } from "../access/permissions.ts";
import type { Role } from "../access/roles.ts";
import { type FieldError, fieldErrors } from "../errors.ts";
import { countOf, joinWithAnd, normalName, whyNotName, whyNotSlug } from "../text.ts";

/** A role as it is entered. */
export interface RoleForm {
  name: string;
  permissions: string[];
}

export const whyNotAdministerRoles = (everySite: boolean): string | undefined =>
  everySite
    ? undefined
    : "Roles are the same on all sites, so only somebody who administers all of them may change them.";

/** Roles that Sitebook itself gives, or asks for at the gate of a new environment. */
const needed: Record<string, string> = {
  administrator: "whoever creates a site gets it",
  tester: "new demo environments ask for it",
  marketing: "new live environments ask for it",
};

/** The permissions of a role: those that are ticked, and to see the site. Unknown ones are left out. */
export const permissionsFrom = (ticked: string[]): Permission[] =>
  permissions.filter((permission) => permission === "view" || ticked.includes(permission));

/** What is wrong with a role, by field. `others` are the roles besides it; `slug` its short name. */
export function roleErrors({ name, permissions: ticked }: RoleForm, slug: string, others: Role[]): FieldError[] {
  const unknown = ticked.find((permission) => !(permissions as readonly string[]).includes(permission));
  const keeps = slug !== "administrator" || ticked.includes("administer");
  return fieldErrors({
    name: whyNotName(name) ?? whyNotRoleName(normalName(name), others),
    permissions: unknown
      ? `There is no permission "${unknown.slice(0, 60)}".`
      : keeps
        ? undefined
        : `This role always may ${permissionPhrases.administer}: ${needed.administrator}.`,
  });
}

function whyNotRoleName(name: string, others: Role[]): string | undefined {
  const other = others.find((role) => role.name.toLowerCase() === name.toLowerCase());
  return other && `There is already a role ${other.name}. Enter another name.`;
}

/** What is wrong with the short name of a new role. */
export const whyNotRoleSlug = (slug: string, others: Role[]): string | undefined =>
  whyNotSlug(slug) ?? (others.some((role) => role.slug === slug) ? "Another role has this short name." : undefined);

/** `without`: the names of the sites on which nobody else who can sign in could change the settings. */
export function whyNotStopAdministering(role: { name: string }, without: string[]): string | undefined {
  if (!without.length) return;
  return `Without this permission of ${role.name}, nobody who can sign in could ${permissionPhrases.administer} of ${joinWithAnd(without)}. Give somebody another role that may first.`;
}

export interface RoleUse {
  /** How many people and tokens have it. */
  holders: number;
  /** Where gates in force, or those of open promotions, need it: "demo on Fennel & Co". */
  gates: string[];
  /** Whether somebody decided or was to decide in it. */
  inRecord: boolean;
  /** The identity providers that give it. */
  providers: string[];
}

/** Why a role cannot be removed: all reasons at once. */
export function whyNotRemoveRole(role: { slug: string; name: string }, use: RoleUse): string | undefined {
  const why = needed[role.slug];
  if (why) return `${role.name} stays: ${why}. You can rename it.`;
  if (use.inRecord)
    return `${role.name} stays: the record has decisions, substitutes or guests in it. You can rename it.`;
  const reasons = [
    ...(use.holders ? [`${countOf(use.holders, "person or token has", "people and tokens have")} it`] : []),
    ...(use.gates.length ? [`the gate of ${joinWithAnd(use.gates)} names it`] : []),
    ...(use.providers.length ? [`sign-in with ${joinWithAnd(use.providers)} gives it`] : []),
  ];
  if (reasons.length) return `${role.name} cannot be removed yet: ${joinWithAnd(reasons)}.`;
}
