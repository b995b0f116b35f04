import { createHash, timingSafeEqual } from "node:crypto";
import { ServerError } from "./errors.js";

/** Checks the value of `authorization`. @throws ServerError UNAUTHORIZED */
export type TokenCheck = (authorization: string) => void;

/** A check for a bearer token; one that lets everybody in if there is none. */
export function tokenCheck(token: string | undefined): TokenCheck {
  if (token === undefined) return () => undefined;
  const expected = digestOf(`Bearer ${token}`);
  return (authorization) => {
    // Digests have one length, and comparing them takes the same time for any token.
    if (timingSafeEqual(digestOf(authorization), expected)) return;
    throw new ServerError(
      "UNAUTHORIZED",
      "Send the server's --token as `authorization: Bearer TOKEN`.",
    );
  };
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
