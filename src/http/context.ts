import type { Context } from "hono";
import type { Frame } from "../../views/layout.ts";
import type { Person } from "../access/actor.ts";
import type { LimitHashing } from "../access/password-queue.ts";
import type { Access } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { AssetUrls } from "./assets.ts";

/** What every handler can count on. */
export type AppEnv = {
  Variables: {
    db: Database;
    /** The moment of the request, ISO 8601 UTC with milliseconds. */
    at: string;
    baseUrl: string;
    /** Where the request comes from, for limits on tries; asked by few. */
    address: () => string;
    limitHashing: LimitHashing;
    assets: AssetUrls;
    /** What a page of a site shows around its content that depends on what is recorded. */
    siteFrame: (c: SiteContext, environment?: string) => Promise<Pick<Frame, "environments" | "inboxCount">>;
    person: Person | undefined;
  };
};

/** … below /sites/:site: somebody is signed in and may see it. */
export type SiteEnv = { Variables: AppEnv["Variables"] & { person: Person; access: Access } };

/** A context of any page, below a site or not. (Hono's contexts of a wider and a narrower Env do not fit each other.) */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyContext = Context<any>;

export type SiteContext = Context<SiteEnv>;
