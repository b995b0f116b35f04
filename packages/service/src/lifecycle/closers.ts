import { type Log, reasonOf } from "../log/index.js";

interface Closer {
  readonly part: string;
  readonly close: () => Promise<unknown> | unknown;
}

export interface ClosersOptions {
  /** Called with every error that a closer throws. */
  readonly onError: (part: string, error: unknown) => void;
  /** Whether all parts are closed at the same time instead of one after the other. Default: false. */
  readonly parallel?: boolean;
}

/**
 * A stack of everything that a service has opened. `close` closes it last in, first out; a closer that
 * throws is reported and does not stop the others.
 *
 * Register each part as soon as it is open. A service that fails during its start is then closed
 * by the same code, in the same order, as one that was asked to stop.
 */
export class Closers {
  readonly #options: ClosersOptions;
  readonly #stack: Closer[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: ClosersOptions) {
    this.#options = options;
  }

  /**
   * Registers what closes a part. Once `close` was called, the part is closed at once.
   *
   * @param part its name in messages, such as "Redis connection"
   */
  add(part: string, close: Closer["close"]): void {
    this.#stack.push({ part, close });
    if (this.#closing !== undefined) this.#closing = this.#closing.then(() => this.#unwind());
  }

  /** Registers a group whose parts are closed at the same time. */
  parallel(part: string): Closers {
    const group = new Closers({ ...this.#options, parallel: true });
    this.add(part, () => group.close());
    return group;
  }

  /** Closes everything, once: later calls wait for the same end. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#unwind();
    return this.#closing;
  }

  async #unwind(): Promise<void> {
    if (this.#options.parallel === true) {
      await Promise.all(this.#stack.splice(0).map((closer) => this.#run(closer)));
      return;
    }
    for (let last = this.#stack.pop(); last !== undefined; last = this.#stack.pop()) {
      await this.#run(last);
    }
  }

  async #run({ part, close }: Closer): Promise<void> {
    try {
      await close();
    } catch (error) {
      this.#options.onError(part, error);
    }
  }
}

/** Closers that write errors to a log. */
export function loggedClosers(log: Pick<Log, "warn">): Closers {
  return new Closers({
    onError: (part, error) => log.warn({ part, reason: reasonOf(error) }, "a part did not close"),
  });
}

/** Opens what registers itself with the closers. If that throws, all that is open by then is closed first. */
export async function openWith<Opened>(
  closers: Closers,
  open: (closers: Closers) => Promise<Opened>,
): Promise<Opened> {
  try {
    return await open(closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}
