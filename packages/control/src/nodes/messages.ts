import { headers, type Msg, type NatsConnection } from "nats";
import { SIGNATURE_HEADER, type Signatures } from "./signatures.js";

/** A heartbeat has a few hundred bytes. */
const MAX_BYTES = 16 * 1024;

/** Signs and checks the messages of a cluster. Without a key, nothing is signed and all are accepted. */
export class Messages {
  readonly #signatures: Signatures | undefined;

  constructor(signatures: Signatures | undefined) {
    this.#signatures = signatures;
  }

  /** The headers of a message. */
  headersOf(subject: string, text: string) {
    const signed = headers();
    if (this.#signatures === undefined) return signed;
    signed.set(SIGNATURE_HEADER, this.#signatures.sign({ subject, text }));
    return signed;
  }

  publish(connection: NatsConnection, subject: string, text: string): void {
    connection.publish(subject, text, { headers: this.headersOf(subject, text) });
  }

  /**
   * The text of a message, or why it is not accepted. Cheap for messages that are not ours.
   *
   * @param since messages from before this time are not accepted, in epoch milliseconds
   */
  read(message: Msg, since?: number): { readonly text: string } | { readonly problem: string } {
    if (message.data.length > MAX_BYTES) return { problem: `it has more than ${MAX_BYTES} bytes` };
    const text = message.string();
    const signature = message.headers?.get(SIGNATURE_HEADER) ?? "";
    const { subject } = message;
    const problem = this.#signatures?.problemOf({ subject, text }, signature, since);
    return problem === undefined ? { text } : { problem };
  }
}
