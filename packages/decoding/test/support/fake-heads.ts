import type { LevelHeadsRequest, LevelHeadsScorer } from "../../src/index.js";
import { fakeModel } from "./fake-model.js";

/** Codes and levels that the heads know: as many as any catalogue of the tests has. */
const CODES = 7;
const LEVELS = 5;

/** Heads without weights: a fake model that never sees the codes before. Counts its calls. */
export function fakeHeads(seed: number): LevelHeadsScorer & {
  readonly calls: (readonly LevelHeadsRequest[])[];
  readonly released: number[];
} {
  const model = fakeModel({ seed, scoring: "full" });
  const codes = Array.from({ length: CODES }, (_, code) => code);
  const calls: (readonly LevelHeadsRequest[])[] = [];
  const released: number[] = [];
  return {
    calls,
    released,
    levelLogProbs(requests) {
      calls.push(requests);
      const answers = requests.map(({ prompt }) => ({
        levels: Array.from({ length: LEVELS - 1 }, (_, level) =>
          Float32Array.from(model.logProbs(prompt, { path: [level, level], codes })),
        ),
        milliseconds: 1,
      }));
      return Promise.resolve(answers);
    },
    release: (keys) => void released.push(...keys),
  };
}
