import type { DraftPolicy } from "@nightbeam/decoding";

/**
 * A policy per size of batch, each with its own measurements: one user alone gains most from a draft, and a full batch
 * perhaps nothing. Sizes double from class to class.
 */
export function policyBySize(open: () => DraftPolicy): DraftPolicy {
  const policies = new Map<number, DraftPolicy>();
  const policyFor = (users: number): DraftPolicy => {
    const size = Math.floor(Math.log2(users));
    const policy = policies.get(size) ?? open();
    policies.set(size, policy);
    return policy;
  };
  return {
    widthsFor: (batch) => policyFor(batch.users).widthsFor(batch),
    observe: (measure) => policyFor(measure.users).observe(measure),
  };
}
