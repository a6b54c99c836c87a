import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

type Creation = { challenge: string; rp: { id?: string }; user: { id: string } };
/** What the server asks of a browser. */
export type Options = Creation & Request;
type Request = { challenge: string; rpId?: string };

/** What is different from an honest device and browser. */
interface Fault {
  origin?: string;
  rpId?: string;
  /** The user did not unlock the device. */
  unverified?: boolean;
  counter?: number;
}

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();

/** A browser at `origin` with a device that keeps one passkey (ES256, without attestation; WebAuthn, 6.1 and 6.5). */
export function authenticator(origin: string) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const id = randomBytes(32);
  let [counter, userHandle] = [0, ""];

  const clientData = (type: string, challenge: string, fault: Fault) =>
    Buffer.from(JSON.stringify({ type, challenge, origin: fault.origin ?? origin, crossOrigin: false }));
  const authenticatorData = (rpId: string, flags: number, fault: Fault, ...more: Buffer[]) => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(fault.counter ?? ++counter);
    const verified = fault.unverified ? 0 : 4;
    return Buffer.concat([sha256(fault.rpId ?? rpId), Buffer.from([flags | 1 | verified]), count, ...more]);
  };
  const credential = (response: Record<string, Buffer | string>) => {
    const encoded = Object.entries(response).map(([name, value]) => [name, Buffer.from(value).toString("base64url")]);
    const named = { id: id.toString("base64url"), rawId: id.toString("base64url"), type: "public-key" };
    return JSON.stringify({ ...named, clientExtensionResults: {}, response: Object.fromEntries(encoded) });
  };

  return {
    create: ({ challenge, rp, user }: Creation, fault: Fault = {}): string => {
      userHandle = Buffer.from(user.id, "base64url").toString();
      const key = Buffer.concat([
        Buffer.from("a5010203262001215820", "hex"),
        Buffer.from(x, "base64url"),
        Buffer.from("225820", "hex"),
        Buffer.from(y, "base64url"),
      ]);
      const attested = [Buffer.alloc(16), Buffer.from([0, id.length]), id, key];
      const data = authenticatorData(rp.id ?? "", 0x40, fault, ...attested);
      const attestationObject = Buffer.concat([
        Buffer.from("a363666d74646e6f6e656761747453746d74a0686175746844617461", "hex"),
        Buffer.from([0x58, data.length]),
        data,
      ]);
      return credential({ clientDataJSON: clientData("webauthn.create", challenge, fault), attestationObject });
    },
    get: ({ challenge, rpId = "" }: Request, fault: Fault = {}): string => {
      const clientDataJSON = clientData("webauthn.get", challenge, fault);
      const data = authenticatorData(rpId, 0, fault);
      const signature = sign("sha256", Buffer.concat([data, sha256(clientDataJSON)]), privateKey);
      return credential({ clientDataJSON, authenticatorData: data, signature, userHandle });
    },
  };
}
