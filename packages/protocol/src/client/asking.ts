import { ProtocolError } from "../errors.js";
import type { AskSetup } from "./ask-setup.js";
import type { Exchange } from "./exchange.js";
import { LeaseSearch } from "./lease-search.js";
import type { Link } from "./link.js";
import type { Reply } from "./statistics.js";
import type { Task } from "./task.js";
import { TryFailed } from "./try-failed.js";

/** The answers to a call, and who gave them. */
export interface VerifierAnswers<Answer> {
  readonly answers: readonly Answer[];
  /** The verifier's id. */
  readonly verifier: string;
  /** Milliseconds of the verifier that the call cost. */
  readonly nodeMs: number;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Asks verifiers until one has given an answer that can be right. One that gives another answer, or refuses as
 * invalid what the next one answers, is not believed for a while.
 *
 * @param never Verifiers that are not to be asked, because one of them has answered already
 * @throws ProtocolError INVALID_CALL, NO_VERIFIER; the task's
 */
export async function askVerifiers<Response extends Reply, Answer>(
  setup: AskSetup,
  { exchange, task, never = NONE }: Asking<Response, Answer>,
): Promise<VerifierAnswers<Answer>> {
  const search = new LeaseSearch(setup, { ...exchange, task, never });
  for (let tries = 0; ; tries++) {
    if (tries > 0) setup.statistics.retried();
    const waitsSince = performance.now();
    const { link, end } = await search.next();
    setup.statistics.waited(performance.now() - waitsSince);
    try {
      const attributes = { "nightbeam.verifier": link.id, "nightbeam.rows": exchange.tokens };
      const answered = await setup.tracing
        .within("verify", { kind: "client", attributes }, () =>
          tryOnce(setup, { link, exchange, task }),
        )
        .finally(end);
      search.answeredBy(link);
      return { ...answered, verifier: link.id };
    } catch (error) {
      const failed = ofTry(error);
      setup.statistics.failed(failed.verdict);
      await search.after(link, failed);
    }
  }
}

export interface Asking<Response extends Reply, Answer> {
  readonly exchange: Exchange<Response, Answer>;
  readonly task: Task;
  readonly never?: ReadonlySet<string>;
}

/** @throws TryFailed; the task's */
async function tryOnce<Response extends Reply, Answer>(
  setup: AskSetup,
  asked: { link: Link; exchange: Exchange<Response, Answer>; task: Task },
): Promise<Pick<VerifierAnswers<Answer>, "answers" | "nodeMs">> {
  const { link, exchange, task } = asked;
  const trip = await exchange.send(link, task);
  try {
    const answers = exchange.read(trip.response);
    setup.statistics.answered(trip);
    return { answers, nodeMs: trip.response.timing?.nodeMs ?? 0 };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const reason = `${link.id} gave an answer that no model can give: ${error.message}`;
    link.distrust(reason);
    throw new TryFailed({ kind: "wrong" }, reason, error);
  }
}

/** Returns a failed try; throws any other error, which ends the call. */
function ofTry(error: unknown): TryFailed {
  if (error instanceof TryFailed) return error;
  throw error;
}
