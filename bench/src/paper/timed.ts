import { speculativeDecoder } from "@nightbeam/decoding";
import { batchesAtOnce } from "@nightbeam/recommend";
import { z } from "zod";
import { LOOPS, type Measurement, measureWays, sameLists, type Way } from "../measure.js";
import type { Comparison } from "./comparison.js";
import { draftingSearch, FIRST_SEED, type Kind, plainSearch, verificationFor } from "./decoders.js";

const timedRow = z.object({
  /** The method's name, or what the row is if nothing drafts. */
  name: z.string(),
  isDrafted: z.boolean(),
  /** Only of strict search with drafts: relaxed and sampled verification have one loop. */
  loop: z.enum(["published", "demand"]).optional(),
  usersPerSecond: z.number(),
  /** Users per second, relative to plain search in the same cell. */
  speedup: z.number(),
  callsPerUser: z.number(),
  nodesPerUser: z.number(),
  firstCallAcceptedSteps: z.number(),
  acceptedStepsPerCall: z.number(),
  /** Whether the lists equal those without drafts. Absent for relaxed lists, which may differ. */
  sameLists: z.boolean().optional(),
});

/** All rows of one verification and beam width; they take turns while they are measured. */
export const timedCell = z.object({
  verification: z.enum(["strict", "relaxed", "sampled"]),
  beamWidth: z.number(),
  rows: z.array(timedRow),
});

export type TimedCell = z.output<typeof timedCell>;
export type TimedRow = z.output<typeof timedRow>;

interface CellWay extends Way {
  readonly isDrafted: boolean;
  readonly loop?: "published" | "demand";
}

/** Measures one cell. Its first row is plain search, the baseline of all speedups. */
export async function measureCell(
  comparison: Comparison,
  cell: { verification: Kind; beamWidth: number },
): Promise<TimedCell> {
  const { options, nextKey } = comparison;
  const ways = waysOf(comparison, cell);
  const measured = await measureWays(ways, {
    users: comparison.users.slice(0, options.limit),
    batchSize: options.batchSize,
    concurrency: batchesAtOnce(options),
    repeat: options.repeat,
    nextKey,
    warmUp: Math.ceil(options.limit / 10),
  });
  const [plain] = measured;
  // Lists of this verification without drafts: plain search if strict, else the second row.
  const reference = cell.verification === "strict" ? plain : measured[1];
  const rows = ways.map((way, at): TimedRow => {
    const one = measured[at];
    if (one === undefined || plain === undefined || reference === undefined) {
      throw new RangeError(`way ${way.name} was not measured`);
    }
    const { name, isDrafted, loop } = way;
    return {
      name,
      isDrafted,
      ...(loop === undefined ? {} : { loop }),
      ...figuresOf(one),
      speedup: one.usersPerSecond / plain.usersPerSecond,
      ...(isDrafted && cell.verification !== "relaxed"
        ? { sameLists: sameLists(one, reference) }
        : {}),
    };
  });
  return { ...cell, rows };
}

function figuresOf(one: Measurement) {
  const { usersPerSecond, callsPerUser, nodesPerUser } = one;
  const { firstCallAcceptedSteps, acceptedStepsPerCall } = one;
  return {
    usersPerSecond,
    callsPerUser,
    nodesPerUser,
    firstCallAcceptedSteps,
    acceptedStepsPerCall,
  };
}

/** Plain search; the target's own sampling, if lists are drawn; then the methods. */
function waysOf(
  comparison: Comparison,
  cell: { verification: Kind; beamWidth: number },
): CellWay[] {
  const { options } = comparison;
  const widths = { beamWidth: cell.beamWidth, draftWidth: options.draftWidth };
  const undrafted = plainSearch(comparison, cell.beamWidth);
  const plain: CellWay = {
    name: "plain search",
    isDrafted: false,
    decoder: speculativeDecoder(undrafted),
  };
  if (cell.verification === "strict") {
    return [
      plain,
      ...options.loop.flatMap((loop) =>
        comparison.methods.map((method): CellWay => {
          const decoder = LOOPS[loop](draftingSearch(comparison, { ...widths, method }));
          return { name: method.name, isDrafted: true, loop, decoder };
        }),
      ),
    ];
  }
  const verification = verificationFor(cell.verification, FIRST_SEED);
  const drafting = comparison.methods.filter(
    (one) => cell.verification === "sampled" || one.isDrawn,
  );
  return [
    plain,
    {
      name: "the target alone",
      isDrafted: false,
      decoder: speculativeDecoder({ ...undrafted, verification }),
    },
    ...drafting.map((method): CellWay => {
      const search = { ...draftingSearch(comparison, { ...widths, method }), verification };
      return { name: method.name, isDrafted: true, decoder: speculativeDecoder(search) };
    }),
  ];
}

/** Number of rows whose lists differ from those without drafts. */
export function differentCells(cells: readonly TimedCell[]): number {
  return cells.flatMap(({ rows }) => rows).filter(({ sameLists }) => sameLists === false).length;
}
