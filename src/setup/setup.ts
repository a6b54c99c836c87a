import { actorWithoutSite, type Person } from "../access/actor.ts";
import { type LimitHashing, unlimited } from "../access/password-queue.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { lockTables } from "../database/locks.ts";
import { fieldErrors, Refusal, refuse, refuseFields } from "../errors.ts";
import { commonPasswords } from "../people/common-passwords.ts";
import { hasAccount, useLink } from "../people/links.ts";
import { hashPassword } from "../people/passwords.ts";
import { normalEmail, whyNotAgain, whyNotEmail, whyNotPassword } from "../people/rules.ts";
import { type NewSite, siteErrors } from "../sites/rules.ts";
import { insertSite } from "../sites/sites.ts";
import { normalName, whyNotName } from "../text.ts";

export interface Setup {
  email: string;
  name: string;
  password: string;
  again?: string | undefined;
  /** The first site, if one is to be created. */
  site?: NewSite | undefined;
  /** From the page: the secret of the link that Sitebook printed. The command line needs none. */
  link?: string | undefined;
  /** The client's address, if known. */
  address?: string | undefined;
  at: string;
}

/**
 * Creates the first account, and the first site if one is given. Throws a Refusal if there is already an account (409), also
 * for all but one of several simultaneous requests, or if the link is not valid (403).
 */
export async function setUp(
  db: Database,
  setup: Setup,
  hashing: LimitHashing = unlimited,
): Promise<{ person: Person; site?: string | undefined }> {
  const email = normalEmail(setup.email);
  refuseFields(setupErrors({ ...setup, email }));
  const password = await hashing({ address: setup.address ?? "" }, () => hashPassword(setup.password));
  return db.transaction().execute(async (trx) => {
    // of two that find the table empty only one may fill it
    await lockTables(trx, ["people"]);
    refuse(await whyNotSetUp(trx));
    if (setup.link !== undefined && !(await useLink(trx, "setup", setup.link, setup.at)))
      throw new Refusal(403, staleSetupLinkSentence);
    const person: Person = { id: newId(Date.parse(setup.at)), kind: "person", name: normalName(setup.name), email };
    await trx
      .insertInto("people")
      .values({ ...person, password, created_at: setup.at })
      .execute();
    const actor = actorWithoutSite(person, setup.at);
    const site = setup.site && (await insertSite(trx, actor, setup.site, ["account-manager"]));
    return { person, site: site?.slug };
  });
}

export const staleSetupLinkSentence =
  "This link is not valid, or no longer valid. Open the one that Sitebook printed when it last started.";

async function whyNotSetUp(db: Database): Promise<string | undefined> {
  if (await hasAccount(db)) return "Sitebook is already set up. Sign in, or ask an administrator for an invitation.";
}

function setupErrors({ name, email, password, again, site }: Setup) {
  return [
    ...fieldErrors({
      name: whyNotName(name),
      email: whyNotEmail(email),
      password: whyNotPassword(password, email, commonPasswords()),
      again: whyNotAgain(password, again),
    }),
    ...(site ? siteErrors(site) : []).map(({ path, message }) => ({ path: `site.${path}`, message })),
  ];
}
