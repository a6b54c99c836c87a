import { getCookie, setCookie } from "hono/cookie";
import type { SiteContext } from "../http/context.ts";
import { secure } from "../http/cookies.ts";
import { daysShown } from "./first-steps.ts";

const cookie = "steps_left";

/** Whether the reader left the open first steps of the site for later, in this browser. */
export const leftForLater = (c: SiteContext): boolean => getCookie(c, cookie) === "1";

export function leaveForLater(c: SiteContext): void {
  setCookie(c, cookie, "1", {
    httpOnly: true,
    sameSite: "Lax",
    path: `/sites/${c.var.access.site.slug}`,
    secure: secure(c),
    maxAge: daysShown * 24 * 60 * 60,
  });
}
