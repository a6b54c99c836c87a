import { normalKey, whyNotKey } from "../record/keys.ts";
import type { Kind } from "../schema.ts";
import { formatCount, whyNotVisible } from "../text.ts";
import { locate, webAddress } from "./addresses.ts";

interface RedirectedLine {
  kind: Kind;
  key: string;
  /** null: the removal of the artifact. */
  version: string | null;
  redirect?: string | null | undefined;
}

const maxRedirectLength = 2000;

/**
 * Why a line of a release cannot have its redirect; undefined if it can, or has none. `removed` are the keys of the pages
 * that the release removes, `baseUrls` the addresses of the site's servers.
 */
export function whyNotRedirect(
  { kind, key, version, redirect }: RedirectedLine,
  { removed, baseUrls }: { removed: Set<string>; baseUrls: string[] },
): string | undefined {
  if (!redirect) return;
  if (kind !== "page" || version !== null) return `Only a page that is removed can have a redirect; ${key} is not.`;
  const target = redirectKey(redirect, baseUrls);
  const wrong = isPath(redirect) ? whyNotKey("page", redirect) : whyNotAddress(redirect);
  if (wrong) return wrong;
  if (target === key)
    return `${key} is removed, so visitors cannot be led to it. Give another path, or leave this empty.`;
  if (target !== undefined && removed.has(target))
    return `Visitors of ${key} cannot be led to ${target}: the release removes that, too.`;
}

/** The page of the site to which a redirect leads; undefined if it leads to another host. */
function redirectKey(redirect: string, baseUrls: string[]): string | undefined {
  if (isPath(redirect)) return redirect;
  const located = locate(redirect, baseUrls);
  return located && "key" in located ? normalKey("page", located.key.replace(/[?#].*$/s, "")) : undefined;
}

function whyNotAddress(redirect: string): string | undefined {
  if (redirect.length > maxRedirectLength)
    return `A redirect can have at most ${formatCount(maxRedirectLength)} characters; this one has ${formatCount(redirect.length)}.`;
  const unclear = /\s/u.test(redirect) ? "A redirect cannot contain spaces." : whyNotVisible("A redirect", redirect);
  if (unclear) return unclear;
  const url = webAddress(redirect);
  if (!url || url.username || url.password)
    return "Enter a path such as /new, or a web address that begins with https://.";
}

/** A redirect in the form in which it is stored and compared; null if it is empty. */
export function normalRedirect(redirect: string | null | undefined): string | null {
  const text = redirect?.trim().normalize("NFC");
  if (!text) return null;
  return isPath(text) ? normalKey("page", text) : text;
}

/** Browsers read an address that begins with two slashes as another host. */
const isPath = (redirect: string): boolean => /^\/(?!\/)/.test(redirect);
