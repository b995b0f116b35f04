import { ProtocolError } from "../errors.js";

/** A call under way. */
export interface OpenCall {
  readonly signal: AbortSignal;
  abort(reason: ProtocolError): void;
  end(): void;
}

/**
 * The calls that a server has under way, and whether it takes more.
 *
 * Its life: taking calls, then, once and for all, refusing new ones.
 */
export class OpenCalls {
  readonly #open = new Set<OpenCall>();
  readonly #idle: (() => void)[] = [];
  #refusing = false;

  get count(): number {
    return this.#open.size;
  }

  get refusing(): boolean {
    return this.#refusing;
  }

  /** @throws ProtocolError DRAINING */
  begin(): OpenCall {
    if (this.#refusing) {
      throw new ProtocolError("DRAINING", "this verifier is going down: ask another one");
    }
    const controller = new AbortController();
    const call: OpenCall = {
      signal: controller.signal,
      abort: (reason) => controller.abort(reason),
      end: () => {
        this.#open.delete(call);
        if (this.#open.size === 0) for (const told of this.#idle.splice(0)) told();
      },
    };
    this.#open.add(call);
    return call;
  }

  refuse(): void {
    this.#refusing = true;
  }

  abortAll(reason: ProtocolError): void {
    for (const call of [...this.#open]) call.abort(reason);
  }

  /** Waits until no call is under way, or so long. Says whether none is. */
  async idle(withinMs: number): Promise<boolean> {
    if (this.#open.size === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
      this.#idle.push(resolve);
    });
    clearTimeout(timer);
    return this.#open.size === 0;
  }
}
