import type { SecurityEventKind } from "../schema.ts";

const sentences: Record<SecurityEventKind, (detail: string) => string> = {
  signed_in: (how) => `Signed in ${how}`,
  sign_in_failed: () => "Wrong password",
  signed_out: () => "Signed out",
  session_ended: () => "Signed out another browser",
  sessions_ended: (whom) => `Signed out ${whom || "everywhere"}`,
  password_set: (how) => `Password set ${how}`,
  password_changed: () => "Password changed",
  link_created: (purpose) => `Link created ${purpose}`,
  roles_changed: (changes) => changes,
  token_address: () => "Token used from a new address",
  sign_in_refused: (why) => `Sign-in refused: ${why}`,
  account_created: (how) => `Account created ${how}`,
  provider_linked: (name) => `Account linked to ${name}`,
  provider_saved: (name) => `Single sign-on with ${name} changed`,
  provider_removed: (name) => `Single sign-on with ${name} removed`,
  two_factor_on: () => "Two-factor sign-in switched on",
  two_factor_off: () => "Two-factor sign-in switched off",
  recovery_codes_created: () => "New recovery codes created",
  recovery_code_used: () => "Recovery code used",
  code_failed: () => "Wrong code",
  passkey_added: (name) => `Passkey ${name} added`,
  passkey_removed: (name) => `Passkey ${name} removed`,
  passkey_refused: (why) => `Passkey refused: ${why}`,
  address_changed: () => "E-mail address changed",
  passwords_switched: (state) => `Passwords switched ${state}`,
  role_changed: (what) => `Role ${what}`,
  account_closed: () => "Account closed",
};

/** A security event as a sentence without a full stop, with who did it if that was somebody else. */
export function securitySentence(event: {
  kind: SecurityEventKind;
  detail: string | null;
  email: string | null;
  by: string | null;
}): string {
  const sentence =
    event.email && event.kind === "sign_in_failed"
      ? `Sign-in to an unknown account, ${event.email}`
      : sentences[event.kind](event.detail ?? "");
  return event.by ? `${sentence}, by ${event.by}` : sentence;
}

/** The browser and system in a user agent, such as "Firefox on Windows"; otherwise its first word. */
export function browserName(userAgent: string): string {
  const browser = firstMatch(userAgent, [
    [/\bEdg(A|iOS)?\//, "Edge"],
    [/\bOPR\//, "Opera"],
    [/\b(Firefox|FxiOS)\//, "Firefox"],
    [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
    [/\bSafari\//, "Safari"],
  ]);
  const system = firstMatch(userAgent, [
    [/\b(iPhone|iPad)\b/, "iOS"],
    [/\bAndroid\b/, "Android"],
    [/\bWindows\b/, "Windows"],
    [/\bMac OS X\b/, "macOS"],
    [/\bLinux\b/, "Linux"],
  ]);
  if (browser) return system ? `${browser} on ${system}` : browser;
  return userAgent.split(/[\s/]/)[0]?.slice(0, 40) || "unknown";
}

const firstMatch = (text: string, names: [pattern: RegExp, name: string][]) =>
  names.find(([pattern]) => pattern.test(text))?.[1];
