import { z } from "zod";
import type { TeacherExample } from "./example.js";
import { safetensors } from "./safetensors.js";

/** What teacher data depends on: files of one directory have it in common. */
export interface TeacherSource {
  /** Hash of the target. */
  readonly target: string;
  /** Content hash of the catalogue that was searched. */
  readonly catalogue: string;
  readonly scoring: "full" | "renormalized";
  /** L, the codes of a path. */
  readonly levels: number;
}

/** A file's metadata, which says the same in strings. */
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

/** A file of teacher data (docs/formats/teacher-data.md), as pieces to be written one behind the other. */
export function encodeTeacherData(
  source: TeacherSource,
  examples: readonly TeacherExample[],
): Uint8Array[] {
  const prompts = offsets(examples.map(({ prompt }) => prompt.length));
  const nodes = offsets(examples.map(({ parents }) => parents.length));
  const values = offsets(examples.flatMap(({ childCounts }) => [...childCounts]));
  // What a user took next is not known while recommendations are made.
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

/** Where each of some runs of numbers starts, and where the last one ends. Shape [lengths + 1]. */
function offsets(lengths: readonly number[]): BigInt64Array {
  const starts = new BigInt64Array(lengths.length + 1);
  let end = 0;
  lengths.forEach((length, at) => {
    end += length;
    starts[at + 1] = BigInt(end);
  });
  return starts;
}
