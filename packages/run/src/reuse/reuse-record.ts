import { z } from "zod";

/** From which run lists are taken: in a file beside the plan, and in the manifest. */
export const reuseSchema = z.strictObject({
  /** The directory or store of that run. */
  run: z.string(),
  /** Twelve hex digits that no other run has, nor this one once it is made again. */
  id: z.string(),
  /** SHA-256 of the catalogue that it searched. */
  catalogue: z.string(),
});

export type ReuseRecord = Readonly<z.infer<typeof reuseSchema>>;
