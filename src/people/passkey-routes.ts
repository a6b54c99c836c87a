import { Hono } from "hono";
import { accountAddress } from "../../views/people/account.ts";
import { passkeysPage } from "../../views/people/passkeys.ts";
import { besideFields, Refusal, refuse, shownRefusal } from "../errors.ts";
import type { AnyContext, AppEnv, PersonContext, PersonEnv } from "../http/context.ts";
import { dropCookie, keepCookie, readCookie } from "../http/cookies.ts";
import { formFields } from "../http/forms.ts";
import { flash, personPage, siteOfReader } from "../http/pages.ts";
import { clientOf, needPerson, startSession } from "../http/session.ts";
import { challengeLifetimeMs, createChallenge } from "./passkey-challenges.ts";
import { relyingParty, whyNotAddPasskey, whyNotChangePasskeys, whyNotPasskeysAt } from "./passkey-rules.ts";
import { addPasskey, listPasskeys, refuseUnlessAddable, removePasskey, usePasskey, whyNotRemove } from "./passkeys.ts";
import { safePath } from "./rules.ts";
import { browserName } from "./security-sentences.ts";
import { showSignIn } from "./sign-in-page.ts";
import { whyNotUse } from "./ways.ts";
import { creationOptions, requestOptions } from "./webauthn.ts";

/** Signing in with a passkey. */
export const passkeyRoutes = new Hono<AppEnv>();

passkeyRoutes.get("/passkey", (c) => c.redirect("/sign-in", 303));

passkeyRoutes.post("/passkey/challenge", (c) =>
  orJson(c, async () => requestOptions(relyingParty(c.var.baseUrl), await challengeFor(c))),
);

passkeyRoutes.post("/passkey", async (c) => {
  const { credential, ...form } = await formFields(c, "credential", "next");
  const next = safePath(form.next);
  try {
    const { personId, name } = await usePasskey(c.var.db, { credential, ...answerOf(c) });
    await startSession(c, personId, `with the passkey ${name}`);
    return c.redirect(next, 303);
  } catch (error) {
    const { refused: passkeyError, status } = shownRefusal(error);
    return showSignIn(c, { next, passkeyError, status: status as 401 | 403 });
  }
});

/** A person's own passkeys. */
export const ownPasskeyRoutes = new Hono<PersonEnv>();

ownPasskeyRoutes.use("/account/*", needPerson);

ownPasskeyRoutes.get("/account/passkeys", (c) => show(c));

ownPasskeyRoutes.post("/account/passkeys/challenge", (c) =>
  orJson(c, async () => {
    const { db, person, at, signedInAt, baseUrl } = c.var;
    await refuseUnlessAddable(db, person.id, signedInAt, at);
    const challenge = await challengeFor(c, person.id);
    return creationOptions(relyingParty(baseUrl), person, await listPasskeys(db, person.id), challenge);
  }),
);

ownPasskeyRoutes.post("/account/passkeys", async (c) => {
  const { db, person, signedInAt } = c.var;
  const { name, credential } = await formFields(c, "name", "credential");
  try {
    const added = await addPasskey(db, person, { name, credential, signedInAt, ...answerOf(c) });
    flash(c, `Passkey ${added.name} added. You can sign in with it from now on.`);
  } catch (error) {
    return show(c, { name, ...besideFields(error, "credential") });
  }
  return c.redirect(accountAddress(c.req.query("site"), "/passkeys"), 303);
});

ownPasskeyRoutes.post("/account/passkeys/:id{[0-9a-f-]{36}}/removal", async (c) => {
  const { db, person, signedInAt, at } = c.var;
  const { name } = await removePasskey(db, person, c.req.param("id"), { signedInAt, client: clientOf(c), at });
  flash(c, `Passkey ${name} removed. Delete it on its device, too.`);
  return c.redirect(accountAddress(c.req.query("site"), "/passkeys"), 303);
});

async function show(c: PersonContext, refused?: ReturnType<typeof besideFields> & { name: string }) {
  const { db, person, at, signedInAt, baseUrl, assets } = c.var;
  const passkeys = await listPasskeys(db, person.id);
  const content = passkeysPage({
    from: c.req.query("site"),
    script: assets.passkeys,
    origin: relyingParty(baseUrl).origin,
    passkeys,
    whyNotUse: whyNotPasskeysAt(baseUrl) ?? (await whyNotUse(db, person.id, "Passkeys")),
    whyNotAdd: whyNotAddPasskey(passkeys.length),
    whyNotRemove: await whyNotRemove(db, person.id, passkeys.length),
    whyNotChange: whyNotChangePasskeys(signedInAt, at),
    name: refused?.name ?? browserName(clientOf(c).userAgent),
    zone: (await siteOfReader(c))?.site.time_zone ?? "UTC",
    now: at,
    errors: refused?.errors ?? {},
  });
  return personPage(c, "Passkeys", content, (refused?.status ?? 200) as 200);
}

const challengeCookie = "sitebook-passkey";

/** A challenge that only this browser can answer. */
async function challengeFor(c: AnyContext, personId?: string): Promise<string> {
  refuse(whyNotPasskeysAt(c.get("baseUrl")));
  const { address } = clientOf(c);
  const { challenge, secret } = await createChallenge(c.get("db"), {
    ...(personId && { personId }),
    address,
    at: c.get("at"),
  });
  keepCookie(c, challengeCookie, secret, { lifetimeMs: challengeLifetimeMs, sameSite: "Strict" });
  return challenge;
}

function answerOf(c: AnyContext) {
  const secret = readCookie(c, challengeCookie) ?? "";
  dropCookie(c, challengeCookie);
  return { secret, party: relyingParty(c.get("baseUrl")), client: clientOf(c), at: c.get("at") as string };
}

/** For the page's script, which shows the sentence. */
async function orJson(c: AnyContext, work: () => Promise<object>): Promise<Response> {
  try {
    return c.json(await work());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.retryAfter) c.header("retry-after", String(error.retryAfter));
    return c.json({ refused: error.message }, error.status);
  }
}
