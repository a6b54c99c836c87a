const permissions = ["view", "record", "release", "promote", "correct", "administer"] as const;
export type Permission = (typeof permissions)[number];

/** Each permission as it reads in "You may not …". */
export const permissionPhrases: Record<Permission, string> = {
  view: "see this site",
  record: "record deployments",
  release: "create releases",
  promote: "request, complete or cancel promotions",
  correct: "correct the record",
  administer: "change the settings",
};

export function whyNotMay(actor: { permissions: ReadonlySet<Permission> }, permission: Permission): string | undefined {
  if (actor.permissions.has(permission)) return;
  return `You may not ${permissionPhrases[permission]} on this site. Ask an administrator for a role that can.`;
}
