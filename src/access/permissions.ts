export const permissions = [
  "view",
  "record",
  "release",
  "promote",
  "correct",
  "assign",
  "break_glass",
  "freeze",
  "override_freeze",
  "report_bounces",
  "administer",
] as const;
export type Permission = (typeof permissions)[number];

/** What a person may do on a site, by permission. Made once for each request and handed to every page. */
export type Permitted = Record<Permission, boolean>;

export const permitted = (held: ReadonlySet<Permission>): Permitted =>
  Object.fromEntries(permissions.map((permission) => [permission, held.has(permission)])) as Permitted;

/** Each permission as it reads in "You may not …". */
export const permissionPhrases: Record<Permission, string> = {
  view: "see this site",
  record: "record deployments",
  release: "create releases",
  promote: "request, complete or cancel promotions",
  correct: "correct the record",
  assign: "set owners",
  break_glass: "complete promotions without their gate",
  freeze: "freeze environments",
  override_freeze: "override freezes",
  report_bounces: "report bounced mails",
  administer: "change the settings",
};

export function whyNotMay(actor: { permissions: ReadonlySet<Permission> }, permission: Permission): string | undefined {
  if (actor.permissions.has(permission)) return;
  return `You may not ${permissionPhrases[permission]} on this site. Ask an administrator for a role that can.`;
}
