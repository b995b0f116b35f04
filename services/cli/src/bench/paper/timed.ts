import { speculativeDecoder } from "@nightbeam/decoding";
import { batchesAtOnce } from "@nightbeam/recommend";
import { z } from "zod";
import { type Measurement, measureWays, sameLists, type Way } from "../measure.js";
import { draftingSearch, type Kind, LOOPS, plainSearch, verificationFor } from "./decoders.js";
import type { Paper } from "./paper.js";

const timedRow = z.object({
  /** The method's; of what drafts nothing, what it is. */
  name: z.string(),
  isDrafted: z.boolean(),
  /** Absent where there is one loop alone. */
  loop: z.enum(["published", "demand"]).optional(),
  usersPerSecond: z.number(),
  /** Users a second over those of plain search in the same cell. */
  speedup: z.number(),
  callsPerUser: z.number(),
  nodesPerUser: z.number(),
  firstCallAcceptedSteps: z.number(),
  acceptedStepsPerCall: z.number(),
  /** Whether the lists are those without drafts; relaxed ones need not be. */
  sameLists: z.boolean().optional(),
});

/** Everything of one verification and beam width, measured turn by turn. */
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

/** Measures one cell. The first row of each is plain search, which all speedups are against. */
export async function measureCell(
  paper: Paper,
  cell: { verification: Kind; beamWidth: number },
): Promise<TimedCell> {
  const { options, nextKey } = paper;
  const ways = waysOf(paper, cell);
  const measured = await measureWays(ways, {
    users: paper.users.slice(0, options.limit),
    batchSize: options.batchSize,
    concurrency: batchesAtOnce(options),
    repeat: options.repeat,
    nextKey,
    warmUp: Math.ceil(options.limit / 10),
  });
  const [plain] = measured;
  // Undrafted lists of this verification: of strict search its own, else those of the second row.
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

/** Plain search; where lists are drawn the target's own sampling; then the methods. */
function waysOf(paper: Paper, cell: { verification: Kind; beamWidth: number }): CellWay[] {
  const { options } = paper;
  const widths = { beamWidth: cell.beamWidth, draftWidth: options.draftWidth };
  const undrafted = plainSearch(paper, cell.beamWidth);
  const plain: CellWay = {
    name: "plain search",
    isDrafted: false,
    decoder: speculativeDecoder(undrafted),
  };
  if (cell.verification === "strict") {
    return [
      plain,
      ...options.loop.flatMap((loop) =>
        paper.methods.map((method): CellWay => {
          const decoder = LOOPS[loop](draftingSearch(paper, { ...widths, method }));
          return { name: method.name, isDrafted: true, loop, decoder };
        }),
      ),
    ];
  }
  const verification = verificationFor(cell.verification, FIRST_SEED);
  const drafting = paper.methods.filter((one) => cell.verification === "sampled" || one.isDrawn);
  return [
    plain,
    {
      name: "the target alone",
      isDrafted: false,
      decoder: speculativeDecoder({ ...undrafted, verification }),
    },
    ...drafting.map((method): CellWay => {
      const search = { ...draftingSearch(paper, { ...widths, method }), verification };
      return { name: method.name, isDrafted: true, decoder: speculativeDecoder(search) };
    }),
  ];
}

/** What all methods draw from. */
export const FIRST_SEED = 1;

/** Rows whose lists are not those without drafts. */
export function differentCells(cells: readonly TimedCell[]): number {
  return cells.flatMap(({ rows }) => rows).filter(({ sameLists }) => sameLists === false).length;
}
