import { z } from "zod";
import { LOOPS, type Loop, searchFigures } from "../measure.js";
import type { Comparison } from "./comparison.js";
import { decodeUntimed } from "./decode-untimed.js";
import { draftingSearch, plainSearch } from "./decoders.js";
import type { Method } from "./methods.js";

const curvePoint = z.object({
  draftWidth: z.number(),
  callsPerUser: z.number(),
  nodesPerUser: z.number(),
});

/** Calls and nodes per user of strict search, for one loop and beam width. */
export const curveCell = z.object({
  loop: z.enum(["published", "demand"]),
  beamWidth: z.number(),
  users: z.number(),
  plain: curvePoint,
  curves: z.array(z.object({ method: z.string(), points: z.array(curvePoint) })),
});

export type CurveCell = z.output<typeof curveCell>;
export type CurvePoint = z.output<typeof curvePoint>;

/**
 * Measures one curve per method, with one point per draft width. Draft widths below the beam width are
 * left out: a step has more beams than that.
 */
export async function measureCurves(
  comparison: Comparison,
  cell: { loop: Loop; beamWidth: number },
): Promise<CurveCell> {
  const widths = comparison.options.curveWidth.filter((width) => width >= cell.beamWidth);
  const plain = await pointOf(comparison, { ...cell, draftWidth: 0 });
  const curves: { method: string; points: CurvePoint[] }[] = [];
  for (const method of comparison.methods) {
    const points: CurvePoint[] = [];
    for (const draftWidth of widths) {
      points.push(await pointOf(comparison, { ...cell, draftWidth, method }));
    }
    curves.push({ method: method.name, points });
  }
  const users = Math.min(comparison.options.curveLimit, comparison.users.length);
  return { ...cell, users, plain, curves };
}

async function pointOf(
  comparison: Comparison,
  point: { loop: Loop; beamWidth: number; draftWidth: number; method?: Method },
): Promise<CurvePoint> {
  const { loop, method, draftWidth } = point;
  const { searched } = await decodeUntimed(comparison, {
    users: comparison.users.slice(0, comparison.options.curveLimit),
    decoder: LOOPS[loop](
      method === undefined
        ? plainSearch(comparison, point.beamWidth)
        : draftingSearch(comparison, { ...point, method }),
    ),
  });
  const { callsPerUser, nodesPerUser } = searchFigures(searched);
  return { draftWidth, callsPerUser, nodesPerUser };
}
