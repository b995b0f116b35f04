import { ProtocolError } from "../errors.js";

/** A call in progress. */
export interface OpenCall {
  readonly signal: AbortSignal;
  abort(reason: ProtocolError): void;
  end(): void;
}

/** The calls in progress of a server, and whether it takes new ones. Once it refuses them, it does so forever. */
export class OpenCalls {
  readonly #open = new Set<OpenCall>();
  readonly #idle: (() => void)[] = [];
  readonly #refusal: string;
  #refusing = false;

  /** @param refusal what clients are told once calls are refused */
  constructor(refusal: string) {
    this.#refusal = refusal;
  }

  get count(): number {
    return this.#open.size;
  }

  get refusing(): boolean {
    return this.#refusing;
  }

  /** @throws ProtocolError DRAINING */
  begin(): OpenCall {
    if (this.#refusing) {
      throw new ProtocolError("DRAINING", this.#refusal);
    }
    const controller = new AbortController();
    const call: OpenCall = {
      signal: controller.signal,
      abort: (reason) => controller.abort(reason),
      end: () => {
        this.#open.delete(call);
        if (this.#open.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
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

  /** Waits until no call is in progress, for at most `withinMs`. @returns whether none is */
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
