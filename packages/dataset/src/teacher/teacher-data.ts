import { z } from "zod";
import type { TeacherExample } from "./example.js";
import { safetensors } from "./safetensors.js";

/** What teacher data depends on: the same for all files of a directory. */
export interface TeacherSource {
  /** The hash of the target. */
  readonly target: string;
  /** The content hash of the searched catalogue. */
  readonly catalogue: string;
  readonly scoring: "full" | "renormalized";
  /** The number of codes per path. */
  readonly levels: number;
}

/** The metadata of a file: the same as strings. */
export const teacherMetadata = z.object({
  format: z.literal("nightbeam-teacher"),
  version: z.literal("1"),
  target: z.string(),
  catalogue: z.string(),
  scoring: z.enum(["full", "renormalized"]),
  levels: z.string(),
});

export function metadataOf(source: TeacherSource): z.infer<typeof teacherMetadata> {
  const { target, catalogue, scoring } = source;
  const levels = String(source.levels);
  return { format: "nightbeam-teacher", version: "1", target, catalogue, scoring, levels };
}

/** A file of teacher data (docs/formats/teacher-data.md), as pieces to concatenate. */
export function encodeTeacherData(
  source: TeacherSource,
  examples: readonly TeacherExample[],
): Uint8Array[] {
  const prompts = offsets(examples.map(({ prompt }) => prompt.length));
  const nodes = offsets(examples.map(({ parents }) => parents.length));
  const values = offsets(examples.flatMap(({ childCounts }) => [...childCounts]));
  // The user's next items are not known when recommendations are made.
  const truth = new Int32Array(examples.length * source.levels).fill(-1);
  return safetensors(metadataOf(source), [
    { name: "prompt_offsets", dtype: "I64", ...vector([prompts]) },
    { name: "node_offsets", dtype: "I64", ...vector([nodes]) },
    { name: "value_offsets", dtype: "I64", ...vector([values]) },
    { name: "prompt_tokens", dtype: "I32", ...vector(examples.map(({ prompt }) => prompt)) },
    { name: "truth", dtype: "I32", shape: [examples.length, source.levels], pieces: [truth] },
    { name: "node_parent", dtype: "I32", ...vector(examples.map(({ parents }) => parents)) },
    { name: "node_code", dtype: "I32", ...vector(examples.map(({ codes }) => codes)) },
    { name: "values", dtype: "F16", ...vector(examples.map(({ values }) => values)) },
  ]);
}

function vector<Piece extends { readonly length: number }>(pieces: readonly Piece[]) {
  return { shape: [pieces.reduce((sum, { length }) => sum + length, 0)], pieces };
}

/** The start of each sequence of numbers, and the end of the last one. Shape [lengths + 1]. */
function offsets(lengths: readonly number[]): BigInt64Array {
  const starts = new BigInt64Array(lengths.length + 1);
  let end = 0;
  lengths.forEach((length, at) => {
    end += length;
    starts[at + 1] = BigInt(end);
  });
  return starts;
}
