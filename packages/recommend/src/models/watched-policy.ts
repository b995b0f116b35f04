import type { DraftPolicy } from "@nightbeam/decoding";

/** A policy, and what it decided. */
export interface WatchedPolicy {
  readonly policy: DraftPolicy;
  /**
   * Returns the widths that most users had since the last call: `[]` without a draft. Without a batch since then, which
   * parts in progress at the same time can cause, those of the last call; undefined if there is none.
   */
  lap(): readonly number[] | undefined;
}

/** Watches a policy: what `auto` chose is worth a line in the manifest. */
export function watchedPolicy(policy: DraftPolicy): WatchedPolicy {
  let last: readonly number[] | undefined;
  const decided = new Map<string, { readonly widths: readonly number[]; users: number }>();
  return {
    policy: {
      widthsFor(batch) {
        const widths = policy.widthsFor(batch);
        const one = decided.get(widths.join()) ?? { widths, users: 0 };
        one.users += batch.users;
        decided.set(widths.join(), one);
        return widths;
      },
      observe: (measure) => policy.observe(measure),
    },
    lap() {
      const [most] = [...decided.values()].sort((a, b) => b.users - a.users);
      decided.clear();
      last = most?.widths ?? last;
      return last;
    },
  };
}
