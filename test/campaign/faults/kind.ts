import type { Random } from "@nightbeam/testing";
import type { Place } from "../support/place.js";

/** What faults touch. Two faults at once touch different parts. */
export type Part = "drafters" | "verifiers" | "scheduler" | "redis" | "nats" | "store" | "guest";

/** Ends a fault, and waits until what it broke works again. */
export type Mend = () => Promise<void>;

/** One kind of fault. */
export interface FaultKind {
  /** As the report names it: "a drafter is killed". */
  readonly name: string;
  readonly touches: readonly Part[];
  /** `mount`: this process must be able to mount file systems. `s3`, `directory`: the store of the night. */
  readonly needs?: readonly ("mount" | "s3" | "directory")[];
  /** Causes the fault, which lasts until it is mended. */
  begin(place: Place, random: Random): Promise<Mend>;
}
