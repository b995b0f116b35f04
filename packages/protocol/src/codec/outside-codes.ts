import type { OutsideCodes, ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import { MAX_LOG_PROB } from "./check-rows.js";

/** Codes outside the catalogue that a call may ask for per wanted entry. */
export const MAX_OUTSIDE = 64;

/** Codes outside the catalogue that a call asks for per wanted entry: as many as all its users want. */
export function outsideWidth(requests: readonly ScoreRequest[]): number {
  if (requests.length === 0) return 0;
  return Math.min(MAX_OUTSIDE, ...requests.map(({ outside = 0 }) => outside));
}

/** Maximum bytes per code: the code, and its log-probability. */
export const OUTSIDE_BYTES = 3 + 8;

/** The codes of a call's answers, in the order of the users; none if an answer lacks them. */
export function outsideAnswers(
  requests: readonly ScoreRequest[],
  answers: readonly ScoreAnswer[],
): readonly OutsideCodes[] {
  const width = outsideWidth(requests);
  if (width === 0) return [];
  const found = answers.flatMap(({ outside }, user) => {
    const length = width * (requests[user]?.tree.wanted.length ?? 0);
    if (length === 0) return NO_CODES;
    return outside?.codes.length === length && outside.logProbs.length === length ? outside : [];
  });
  return found.length === answers.length ? found : [];
}

const NO_CODES: OutsideCodes = { codes: new Uint16Array(), logProbs: new Float64Array() };

/**
 * Checks one user's codes: no NaN, nothing above 0, and per prefix the most likely first.
 *
 * @param options.width codes per prefix
 * @throws ProtocolError BAD_ANSWER
 */
export function checkOutside(
  { codes, logProbs }: { readonly codes: readonly number[]; readonly logProbs: Float64Array },
  { user, width }: { readonly user: number; readonly width: number },
): OutsideCodes {
  const fail = (at: number, what: string) => {
    throw new ProtocolError("BAD_ANSWER", `user ${user}: outside code ${at} ${what}`);
  };
  for (let at = 0; at < logProbs.length; at++) {
    const [code = 0, logProb = Number.NaN] = [codes[at], logProbs[at]];
    if (code > 0xffff) fail(at, `is ${code}`);
    if (!(logProb <= MAX_LOG_PROB)) fail(at, `has log-probability ${logProb}`);
    if (at % width > 0 && logProb > (logProbs[at - 1] ?? 0)) fail(at, "is after a less likely one");
  }
  return { codes: Uint16Array.from(codes), logProbs };
}
