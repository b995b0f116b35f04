import { createHmac } from "node:crypto";

/** The headers of Standard Webhooks 1.0 (https://www.standardwebhooks.com). */
export interface SignedHeaders {
  readonly "webhook-id": string;
  /** Unix seconds. */
  readonly "webhook-timestamp": string;
  readonly "webhook-signature"?: string;
}

export interface SignOptions {
  readonly id: string;
  /** Epoch milliseconds of this attempt. */
  readonly at: number;
  readonly body: string;
  /** `whsec_` and base64, or any text, whose bytes are the key then. Undefined: not signed. */
  readonly secret: string | undefined;
}

/** Signs a message by HMAC-SHA256 over its id, the time and its body. */
export function signedHeaders({ id, at, body, secret }: SignOptions): SignedHeaders {
  const timestamp = String(Math.floor(at / 1_000));
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp };
  if (secret === undefined) return headers;
  const hmac = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`);
  return { ...headers, "webhook-signature": `v1,${hmac.digest("base64")}` };
}

const PREFIX = "whsec_";

function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), "base64")
    : Buffer.from(secret, "utf8");
}
