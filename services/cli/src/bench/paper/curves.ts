import { z } from "zod";
import { searchFigures } from "../measure.js";
import { decodeUntimed } from "./decode-untimed.js";
import { draftingSearch, LOOPS, type Loop, plainSearch } from "./decoders.js";
import type { Method } from "./methods.js";
import type { Paper } from "./paper.js";

const curvePoint = z.object({
  draftWidth: z.number(),
  callsPerUser: z.number(),
  nodesPerUser: z.number(),
});

/** Calls against nodes of strict search, for one loop and beam width. */
export const curveCell = z.object({
  loop: z.enum(["published", "demand"]),
  beamWidth: z.number(),
  users: z.number(),
  plain: curvePoint,
  curves: z.array(z.object({ method: z.string(), points: z.array(curvePoint) })),
});

export type CurveCell = z.output<typeof curveCell>;
export type CurvePoint = z.output<typeof curvePoint>;

/** One curve a method, a point for each draft width. Draft widths below the beam width are left out: a step has more beams than that. */
export async function measureCurves(
  paper: Paper,
  cell: { loop: Loop; beamWidth: number },
): Promise<CurveCell> {
  const widths = paper.options.curveWidth.filter((width) => width >= cell.beamWidth);
  const plain = await pointOf(paper, { ...cell, draftWidth: 0 });
  const curves: { method: string; points: CurvePoint[] }[] = [];
  for (const method of paper.methods) {
    const points: CurvePoint[] = [];
    for (const draftWidth of widths) {
      points.push(await pointOf(paper, { ...cell, draftWidth, method }));
    }
    curves.push({ method: method.name, points });
  }
  const users = Math.min(paper.options.curveLimit, paper.users.length);
  return { ...cell, users, plain, curves };
}

async function pointOf(
  paper: Paper,
  point: { loop: Loop; beamWidth: number; draftWidth: number; method?: Method },
): Promise<CurvePoint> {
  const { loop, method, draftWidth } = point;
  const { searched } = await decodeUntimed(paper, {
    users: paper.users.slice(0, paper.options.curveLimit),
    decoder: LOOPS[loop](
      method === undefined
        ? plainSearch(paper, point.beamWidth)
        : draftingSearch(paper, { ...point, method }),
    ),
  });
  const { callsPerUser, nodesPerUser } = searchFigures(searched);
  return { draftWidth, callsPerUser, nodesPerUser };
}
