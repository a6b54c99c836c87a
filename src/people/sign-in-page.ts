import { signInPage } from "../../views/people/sign-in.ts";
import type { AnyContext } from "../http/context.ts";
import { signedOutPage } from "../http/pages.ts";
import { relyingParty, whyNotPasskeysAt } from "./passkey-rules.ts";
import { somebodyHasPasskey } from "./passkeys.ts";
import { waysToSignIn } from "./ways.ts";

/** What somebody entered, and why it was refused. */
interface Shown {
  next: string;
  again?: boolean;
  first?: boolean;
  email?: string;
  error?: string | undefined;
  passkeyError?: string | undefined;
  status?: 200 | 401 | 403 | 429;
}

export async function showSignIn(c: AnyContext, { status = 200, again = false, first = false, ...shown }: Shown) {
  const [db, baseUrl, assets] = [c.get("db"), c.get("baseUrl"), c.get("assets")];
  const offered = !whyNotPasskeysAt(baseUrl) && (await somebodyHasPasskey(db));
  const passkeys = offered ? { script: assets.passkeys, origin: relyingParty(baseUrl).origin } : undefined;
  const ways = await waysToSignIn(db);
  return signedOutPage(c, "Sign in", signInPage({ ...shown, again, first, ...ways, passkeys }), status);
}
