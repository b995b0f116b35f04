import { readFile } from "node:fs/promises";
import { loadReference } from "@nightbeam/testing/reference";
import type { World } from "@nightbeam/testing/world";

/** Tokens of a world's models: a few special ones, then the codes, level by level. */
const BOS = 1;
const FIRST_CODE = 4;

export interface Beam {
  readonly path: readonly number[];
  readonly score: number;
}

/**
 * Plain beam search in float64 over a full forward pass for every beam, written from the definition
 * alone: it shares no code with what is tested.
 */
export async function referenceSearch(
  world: World,
  options: { levels: number; codesPerLevel: number; maxItems: number; beamWidth: number },
): Promise<(history: readonly string[]) => Beam[]> {
  const { levels, codesPerLevel, maxItems, beamWidth } = options;
  const model = loadReference(world.target);
  const index: Record<string, string[]> = JSON.parse(await readFile(world.catalogue, "utf8"));
  const pathOf = (item: string) =>
    (index[item] ?? []).map((code) => Number(/_(\d+)>$/.exec(code)?.[1]));
  const paths = Object.keys(index).map(pathOf);
  const token = (code: number, level: number) => FIRST_CODE + level * codesPerLevel + code;
  return (history) => {
    const prompt = [BOS, ...history.slice(-maxItems).flatMap((item) => pathOf(item).map(token))];
    let beams: Beam[] = [{ path: [], score: 0 }];
    for (let level = 0; level < levels; level++) {
      const next = beams.flatMap(({ path, score }) => {
        const logits = model.logits([...prompt, ...path.map(token)]).at(-1) ?? new Float64Array();
        const most = Math.max(...logits);
        const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
        const below = paths.filter((one) => path.every((code, at) => one[at] === code));
        return [...new Set(below.map((one) => one[level] ?? 0))].map((code) => ({
          path: [...path, code],
          score: score + (logits[token(code, level)] ?? 0) - most - Math.log(total),
        }));
      });
      beams = next.sort((a, b) => b.score - a.score).slice(0, beamWidth);
    }
    return beams;
  };
}
