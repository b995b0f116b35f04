import { ProtocolError } from "../../errors.js";
import type { AskSetup } from "../ask-setup.js";
import { askVerifiers, type VerifierAnswers } from "../asking.js";
import type { Exchange } from "../exchange.js";
import type { Reply } from "../statistics.js";
import type { Task } from "../task.js";

/** An answered call, as it was asked. */
export interface AnsweredCall<Response extends Reply, Answer> {
  readonly exchange: Exchange<Response, Answer>;
  readonly task: Task;
  readonly first: VerifierAnswers<Answer>;
}

/** Whether two verifiers gave the same answer; `unaudited` if no second one answered. */
export type AuditResult = "agreed" | "differed" | "unaudited";

/**
 * Asks a second verifier for what one has answered, with a call like any other. If it answers differently, a
 * third one decides which of the two is wrong; without one, both are asked again, since a verifier that is not
 * always wrong contradicts itself. Those that may be wrong are not asked for a while.
 *
 * @throws the task's
 */
export async function audit<Response extends Reply, Answer>(
  setup: AskSetup,
  call: AnsweredCall<Response, Answer>,
): Promise<AuditResult> {
  const { exchange, first } = call;
  const second = await askUnless(setup, call, new Set([first.verifier]));
  if (second === undefined) return "unaudited";
  const difference = exchange.difference(first.answers, second.answers);
  setup.statistics.audited(difference === undefined);
  if (difference === undefined) return "agreed";
  const both = [first.verifier, second.verifier];
  const { wrong, how } = knownSuspect(setup, both) ?? (await judge(setup, call, second));
  const suspects = wrong === undefined ? both : [wrong];
  for (const verifier of suspects) {
    const reason = `${both.join(" and ")} answered the same call differently (${difference}); ${how}`;
    const found = { kind: "answers_differ", verifier, reason } as const;
    setup.trust.distrust({ ...found, isProven: wrong !== undefined }, setup.limits);
    setup.links.get(verifier)?.heedTrust();
  }
  return "differed";
}

/**
 * The one of two verifiers that another audit has found out while this one was waiting. It explains the
 * difference, and as it is not asked any more, the other one could not be cleared.
 */
function knownSuspect({ trust }: AskSetup, both: readonly string[]): Verdict | undefined {
  const [wrong, ...more] = both.filter((verifier) => trust.distrustedForMs(verifier) > 0);
  if (wrong === undefined || more.length > 0) return undefined;
  return { wrong, how: `${wrong} was found out before` };
}

interface Verdict {
  readonly wrong: string | undefined;
  /** How it was found out. */
  readonly how: string;
}

/** Who of two verifiers that disagree is wrong, if that can be known, and how it was found out. */
async function judge<Response extends Reply, Answer>(
  setup: AskSetup,
  call: AnsweredCall<Response, Answer>,
  second: VerifierAnswers<Answer>,
): Promise<Verdict> {
  const { exchange, first } = call;
  const isLike = (one: VerifierAnswers<Answer>, other: VerifierAnswers<Answer> | undefined) =>
    other !== undefined && exchange.difference(one.answers, other.answers) === undefined;
  const both = [first, second];
  const third = await askUnless(setup, call, new Set(both.map(({ verifier }) => verifier)));
  if (third !== undefined) {
    const [liked, ...more] = both.filter((one) => isLike(one, third));
    const wrong = both.find((one) => one !== liked)?.verifier;
    if (liked !== undefined && more.length === 0) {
      return { wrong, how: `${third.verifier} answers as ${liked.verifier} did` };
    }
  }
  const { ids } = setup.links;
  const unsteady: string[] = [];
  for (const one of both) {
    const others = new Set(ids.filter((id) => id !== one.verifier));
    const again = await askUnless(setup, call, others);
    if (again !== undefined && !isLike(one, again)) unsteady.push(one.verifier);
  }
  const [wrong, ...more] = unsteady;
  if (wrong !== undefined && more.length === 0) {
    return { wrong, how: `asked again, ${wrong} contradicts itself` };
  }
  return (
    knownSuspect(setup, [first.verifier, second.verifier]) ?? {
      wrong: undefined,
      how: "nothing shows which one is wrong: start a third verifier",
    }
  );
}

/** Asks any verifier but these; undefined if none answers. @throws the task's */
async function askUnless<Response extends Reply, Answer>(
  setup: AskSetup,
  { exchange, task }: AnsweredCall<Response, Answer>,
  never: ReadonlySet<string>,
): Promise<VerifierAnswers<Answer> | undefined> {
  if (!setup.links.mayOthersAnswer(never)) return undefined;
  try {
    return await askVerifiers(setup, { exchange, task, never });
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "NO_VERIFIER") return undefined;
    throw error;
  }
}
