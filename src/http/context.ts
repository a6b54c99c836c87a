import type { Context } from "hono";
import type { Frame } from "../../views/layout.ts";
import type { Person } from "../access/actor.ts";
import type { LimitHashing } from "../access/password-queue.ts";
import type { Secrets } from "../access/secrets.ts";
import type { SessionLifetime } from "../access/sessions.ts";
import type { Access } from "../access/sites.ts";
import type { tokenAddressWatch } from "../access/token-addresses.ts";
import type { Database } from "../database/connect.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { AssetUrls } from "./assets.ts";
import type { SiteChanges } from "./site-changes.ts";

/** What every handler finds in its context. */
export type AppEnv = {
  Variables: {
    db: Database;
    /** The moment of the request, ISO 8601 UTC with milliseconds. */
    at: string;
    /** The moment of now, for requests that take long. */
    now: () => string;
    baseUrl: string;
    /** Undefined: no mail server is set up. */
    mailer: Mailer | undefined;
    /** Whether a webhook may call a network address. */
    mayCall: (address: string) => boolean;
    /** Notifies open pages of changes, until the server stops. */
    changes: SiteChanges;
    stopping: AbortSignal;
    /** The client's address, for rate limits. A function, as few handlers need it. */
    address: () => string;
    sessionLifetime: SessionLifetime;
    limitHashing: LimitHashing;
    /** Records when a token is used from a new address. */
    watchTokenAddress: ReturnType<typeof tokenAddressWatch>;
    /** Encrypts what the database keeps secret. */
    secrets: Secrets;
    assets: AssetUrls;
    /** The parts of a site's frame that depend on the record. */
    siteFrame: (
      c: SiteContext,
      page: { environment?: string | undefined; nextStep?: boolean | undefined },
    ) => Promise<Pick<Frame, "environments" | "events" | "inboxCount" | "nextStep">>;
    person: Person | undefined;
    /** When this browser signed in. */
    signedInAt: string | undefined;
    /** A notice for this page, instead of the one in the browser's cookie. */
    notice: Frame["flash"];
    /** The address of the page that answers a form; by default that of the page from which the form was sent. */
    answerAddress: string | undefined;
  };
};

/** The same below /sites/:site, where a person is signed in and may see the site. */
export type SiteEnv = { Variables: AppEnv["Variables"] & { person: Person; access: Access } };

/** A context of any page, below a site or not. (Hono's contexts are not assignable from one Env to another.) */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyContext = Context<any>;

export type SiteContext = Context<SiteEnv>;

/** Of a page for somebody who is signed in, not below a site. */
export type PersonEnv = { Variables: AppEnv["Variables"] & { person: Person } };

export type PersonContext = Context<PersonEnv>;
