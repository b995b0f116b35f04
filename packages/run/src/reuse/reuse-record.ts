import { z } from "zod";

/** A run that lists are taken from. */
const reuseSchema = z.strictObject({
  /** The directory or store of that run. */
  run: z.string(),
  /** Twelve hex digits that no other run has, nor this one once it is made again. */
  id: z.string(),
  /** SHA-256 of the catalogue that it searched. */
  catalogue: z.string(),
});

/** From which run lists are taken, or why they are not: in a file beside the plan, and in the manifest. */
export const reuseNoteSchema = z.union([
  reuseSchema,
  z.strictObject({
    run: z.string(),
    /** Why all lists are computed, in words. */
    refused: z.string(),
  }),
]);

export type ReuseRecord = Readonly<z.infer<typeof reuseSchema>>;
export type ReuseNote = Readonly<z.infer<typeof reuseNoteSchema>>;

/** The run that lists are taken from; undefined if all are computed. */
export function reuseOf(note: ReuseNote | undefined): ReuseRecord | undefined {
  return note !== undefined && "id" in note ? note : undefined;
}
