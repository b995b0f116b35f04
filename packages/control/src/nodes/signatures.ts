import { createHmac, timingSafeEqual } from "node:crypto";

/** The NATS header of a signature: `<epoch milliseconds> <HMAC-SHA256 in base64url>`. */
export const SIGNATURE_HEADER = "Nightbeam-Signature";

/** How far the clocks of two machines may differ. A message is not accepted again after this time. */
const TOLERANCE_MS = 60_000;
/** More subjects than this are searched for those that are too old to matter. */
const MANY = 1_000;

export interface SignaturesOptions {
  /** The key that all nodes of a cluster share. */
  readonly key: string;
  /** The time of day in epoch milliseconds. */
  readonly now: () => number;
}

/** A message as it is signed: its subject says for which cluster and node it is. */
export interface SignedMessage {
  readonly subject: string;
  readonly text: string;
}

/**
 * Signs the messages of a cluster's nodes, and checks that a message is from one of them, recent, and new: times on a
 * subject only grow, so that a recorded message cannot be sent again while its sender is known.
 */
export class Signatures {
  readonly #options: SignaturesOptions;
  /** The time of the last message that was accepted, by subject. */
  readonly #accepted = new Map<string, number>();
  #signedAt = 0;

  constructor(options: SignaturesOptions) {
    this.#options = options;
  }

  /** The value of the header. */
  sign(message: SignedMessage): string {
    this.#signedAt = Math.max(this.#options.now(), this.#signedAt + 1);
    return `${this.#signedAt} ${this.#digest(message, this.#signedAt).toString("base64url")}`;
  }

  /**
   * Why a message is not accepted. Undefined if it is.
   *
   * @param since messages from before this time are not accepted, in epoch milliseconds
   */
  problemOf(message: SignedMessage, signature: string, since = 0): string | undefined {
    const [, time = "", given = ""] = /^(\d{1,16}) ([-\w]{43})$/.exec(signature) ?? [];
    const at = Number(time);
    const isOurs =
      given !== "" && timingSafeEqual(Buffer.from(given, "base64url"), this.#digest(message, at));
    if (!isOurs) return signature === "" ? "it is not signed" : "it is signed with another key";
    const apart = Math.round((this.#options.now() - at) / 1_000);
    if (Math.abs(apart) * 1_000 > TOLERANCE_MS) {
      return `its time differs by ${Math.abs(apart)} s from the time here: synchronize the clocks of all machines`;
    }
    if (at <= Math.max(since, this.#accepted.get(message.subject) ?? 0)) return "it is repeated";
    this.#accepted.set(message.subject, at);
    if (this.#accepted.size > MANY) this.#forgetOld();
    return undefined;
  }

  #digest({ subject, text }: SignedMessage, at: number): Buffer {
    return createHmac("sha256", this.#options.key).update(`${subject}\n${at}\n${text}`).digest();
  }

  #forgetOld(): void {
    const oldest = this.#options.now() - TOLERANCE_MS;
    for (const [subject, at] of this.#accepted) {
      if (at < oldest) this.#accepted.delete(subject);
    }
  }
}
