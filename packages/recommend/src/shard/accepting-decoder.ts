import { acceptCandidates, type LeafLists, type ShardOptions } from "@nightbeam/decoding";

const NOBODY = new Uint32Array();

/**
 * Decodes with items that others propose: `acceptCandidates`, user by user from lists. For a shard,
 * so that users with equal prompts and different proposals keep their own lists.
 *
 * @param options `threshold` in nats over the whole path; `places` that proposals can take in a list
 */
export function acceptingDecoder(options: {
  lists: LeafLists;
  threshold: number;
  places: number;
}): Required<Pick<ShardOptions, "decode" | "identify">> {
  const { lists, threshold, places } = options;
  const proposedTo = (name: string | undefined) =>
    (name === undefined ? undefined : lists.of(name)) ?? NOBODY;
  return {
    decode(decoder, given) {
      const jobs = given.map(({ onKnown: _, ...job }) => {
        return { ...job, candidates: proposedTo(job.name) };
      });
      return acceptCandidates(decoder, { jobs, threshold, places });
    },
    // Which of them are accepted does not depend on their order.
    identify: ({ name }) => proposedTo(name).toSorted().join(" "),
  };
}
