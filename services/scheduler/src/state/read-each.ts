import { mapAtMost } from "@nightbeam/run";
import { inTime } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";

/** Reads at the same time. */
const READS_AT_ONCE = 16;
/** Longer than a slow store takes; a mount that is gone never answers. */
const PATIENCE_MS = 10_000;

export interface ReadEach<Value> {
  readonly read: readonly Value[];
  /** What cannot be read, and why. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

/** Reads one thing per name; one that cannot be read, or does not answer, hides no other. */
export async function readEach<Value>(
  names: readonly string[],
  read: (name: string) => Promise<Value | undefined>,
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
): Promise<ReadEach<Value>> {
  const results = await mapAtMost(READS_AT_ONCE, names, async (name) => {
    try {
      const late = () => new Error(`no answer within ${patienceMs / 1_000} s`);
      return { name, value: await inTime(read(name), { ms: patienceMs, late }) };
    } catch (error) {
      return { name, reason: reasonOf(error) };
    }
  });
  return {
    read: results.flatMap(({ value }) => (value === undefined ? [] : [value])),
    unreadable: results.flatMap(({ name, reason }) =>
      reason === undefined ? [] : [{ name, reason }],
    ),
  };
}
