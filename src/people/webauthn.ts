import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import type { RelyingParty } from "./passkey-rules.ts";

/** EdDSA, ES256 and RS256 of RFC 9053 and RFC 8812, one of which every device has. */
const algorithms = [-8, -7, -257];

interface Known {
  credential_id: string;
  transports: string;
}

const descriptor = ({ credential_id: id, transports }: Known) => ({
  id,
  type: "public-key" as const,
  transports: transports.split(" ").filter(Boolean) as never,
});

/** What `navigator.credentials.create` takes, for a passkey by which a device knows whose it is, and checks that it is them. */
export const creationOptions = (
  { id }: RelyingParty,
  person: { id: string; name: string; email: string | null },
  known: Known[],
  challenge: string,
): PublicKeyCredentialCreationOptionsJSON => ({
  challenge,
  rp: { id, name: "Sitebook" },
  user: {
    id: Buffer.from(person.id).toString("base64url"),
    name: person.email ?? person.name,
    displayName: person.name,
  },
  pubKeyCredParams: algorithms.map((alg) => ({ alg, type: "public-key" })),
  authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
  excludeCredentials: known.map(descriptor),
  attestation: "none",
  timeout: 120_000,
});

/** What `navigator.credentials.get` takes: any passkey for this Sitebook. */
export const requestOptions = ({ id }: RelyingParty, challenge: string): PublicKeyCredentialRequestOptionsJSON => ({
  challenge,
  rpId: id,
  allowCredentials: [],
  userVerification: "required",
  timeout: 120_000,
});

/** The passkey that a browser created; undefined if its answer is not valid. */
export async function verifyCreation(credential: string, { id, origin }: RelyingParty, challenge: string) {
  const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
  const { registrationInfo } = await orUndefined(() =>
    verifyRegistrationResponse({
      response: JSON.parse(credential) as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    }),
  );
  if (!registrationInfo) return;
  const { publicKey, counter, transports = [], ...created } = registrationInfo.credential;
  return {
    credential_id: created.id,
    public_key: Buffer.from(publicKey).toString("base64url"),
    counter,
    transports: transports.filter((word) => /^[a-z-]{1,20}$/.test(word)).join(" "),
  };
}

/** The id of the passkey in a browser's answer; undefined if it has none. */
export function credentialIdIn(credential: string): string | undefined {
  try {
    const { id } = JSON.parse(credential) as { id?: unknown };
    return typeof id === "string" && /^[\w-]{1,2000}$/.test(id) ? id : undefined;
  } catch {
    return;
  }
}

/** How often the device used the passkey, by its own count; undefined if the answer is not valid. */
export async function verifySignature(
  credential: string,
  passkey: { credential_id: string; public_key: string; person_id: string },
  { id, origin }: RelyingParty,
  challenge: string,
): Promise<number | undefined> {
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  const { verified, authenticationInfo } = await orUndefined(() => {
    const response = JSON.parse(credential) as AuthenticationResponseJSON;
    const owner = Buffer.from(response.response.userHandle ?? "", "base64url").toString();
    if (owner !== passkey.person_id) throw new Error("The passkey belongs to another account.");
    return verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      // the caller compares the count, in the statement that stores it
      credential: {
        id: passkey.credential_id,
        publicKey: new Uint8Array(Buffer.from(passkey.public_key, "base64url")),
        counter: 0,
      },
    });
  });
  return verified ? authenticationInfo?.newCounter : undefined;
}

/** The library throws for every answer that is not valid, whatever is wrong with it. */
async function orUndefined<T extends object>(work: () => Promise<T>): Promise<Partial<T>> {
  try {
    return await work();
  } catch {
    return {};
  }
}
