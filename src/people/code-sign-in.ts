import type { Context } from "hono";
import { Hono } from "hono";
import { codePage } from "../../views/people/two-factor.ts";
import type { Person } from "../access/actor.ts";
import { shownRefusal } from "../errors.ts";
import type { AnyContext, AppEnv } from "../http/context.ts";
import { dropCookie, keepCookie, readCookie } from "../http/cookies.ts";
import { formFields } from "../http/forms.ts";
import { signedOutPage } from "../http/pages.ts";
import { browserSecret, clientOf, signInAddress, startSession } from "../http/session.ts";
import { beginHalfSignIn, dropHalfSignIn, findHalfSignIn, halfSignInLifetimeMs } from "./half-sign-ins.ts";
import { safePath } from "./rules.ts";
import { personOrRefusal, tryCode } from "./sign-in.ts";
import { twoFactorOf, useCode } from "./two-factor.ts";

const halfCookie = "sitebook-half";

/**
 * Signs in a person whose password was right, or asks for their code first: no session begins before it. Returns the
 * address to continue at. `how`: as of startSession.
 */
export async function afterPassword(c: AnyContext, personId: string, how: string | undefined, next: string) {
  const [db, at] = [c.get("db"), c.get("at")];
  if (!(await twoFactorOf(db, personId)).isOn) {
    await startSession(c, personId, how);
    return next;
  }
  const secret = await beginHalfSignIn(db, { personId, how, at });
  keepCookie(c, halfCookie, secret, { lifetimeMs: halfSignInLifetimeMs });
  return `/code?next=${encodeURIComponent(next)}`;
}

/** The page that asks for a code after the password. */
export const codeRoutes = new Hono<AppEnv>();

codeRoutes.get("/code", async (c) => {
  const next = safePath(c.req.query("next"));
  const person = await personOf(c);
  return person ? signedOutPage(c, "Two-factor sign-in", codePage({ next })) : c.redirect(signInAddress(next), 303);
});

codeRoutes.post("/code", async (c) => {
  const { code, ...form } = await formFields(c, "code", "next");
  const next = safePath(form.next);
  const person = await personOf(c);
  if (!person) return c.redirect(signInAddress(next), 303);
  try {
    await checkCode(c, person, code, 401);
  } catch (error) {
    const { refused, errors, status, retryAfter } = shownRefusal(error);
    if (retryAfter) c.header("retry-after", String(retryAfter));
    return signedOutPage(
      c,
      "Two-factor sign-in",
      codePage({ next, error: errors.code ?? refused }),
      status as 401 | 429,
    );
  }
  await dropHalfSignIn(c.var.db, readCookie(c, halfCookie) ?? "");
  dropCookie(c, halfCookie);
  await startSession(c, person.id, person.how ? `${person.how} and a code` : undefined);
  return c.redirect(next, 303);
});

async function personOf(c: Context<AppEnv>) {
  const secret = readCookie(c, halfCookie);
  const person = secret ? await findHalfSignIn(c.var.db, secret, c.var.at) : undefined;
  return person && (await twoFactorOf(c.var.db, person.id)).isOn ? person : undefined;
}

/** Uses up a code. Throws a Refusal with 429 after too many wrong ones, or with `status` for a wrong one. */
export async function checkCode(c: AnyContext, person: Person, code: string, status: 401 | 422): Promise<void> {
  const [db, at, secrets] = [c.get("db"), c.get("at"), c.get("secrets")];
  const client = clientOf(c);
  const attempt = { person, ...client, browser: browserSecret(c), at };
  const result = await tryCode(db, attempt, () => useCode(db, secrets, person.id, { code, client, at }));
  const tooMany = (wait: string) => `Too many wrong codes. Try again in ${wait}.`;
  personOrRefusal(result, { sentence: "Wrong code, or used before.", path: "code", status, tooMany });
}
