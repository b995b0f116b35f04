import type { FakeModel } from "./fake-model.js";

export interface ScoredPath {
  readonly path: readonly number[];
  readonly score: number;
}

/**
 * Beam search as it is defined: at every level, the best `beamWidth` (or the level's own) of all continuations of the
 * beams, higher score first, equal scores by code path. One list for each depth, the root's first.
 */
export function bruteForce(question: {
  paths: readonly (readonly number[])[];
  model: FakeModel;
  prompt: Int32Array;
  beamWidth: number | readonly number[];
}): ScoredPath[][] {
  const { paths, model, prompt, beamWidth } = question;
  const levels = paths[0]?.length ?? 0;
  let beams: ScoredPath[] = paths.length > 0 ? [{ path: [], score: 0 }] : [];
  const history = [beams];
  for (let depth = 0; depth < levels; depth++) {
    const candidates = beams.flatMap(({ path, score }) => {
      const below = paths.filter((other) => path.every((code, i) => other[i] === code));
      const codes = [...new Set(below.map((other) => other[depth] ?? -1))].sort((a, b) => a - b);
      const logProbs = model.logProbs(prompt, { path, codes });
      return codes.map((code, i) => ({
        path: [...path, code],
        score: score + (logProbs[i] ?? Number.NaN),
      }));
    });
    candidates.sort((a, b) => b.score - a.score || compareCodes(a.path, b.path));
    beams = candidates.slice(0, typeof beamWidth === "number" ? beamWidth : beamWidth[depth]);
    history.push(beams);
  }
  return history;
}

function compareCodes(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((code, i) => code !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
