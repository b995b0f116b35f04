import type { Random } from "@nightbeam/testing";
import type { Link } from "../support/link.js";
import type { Place } from "../support/place.js";
import type { FaultKind, Part } from "./kind.js";
import { pick } from "./nodes.js";

interface Between {
  /** "a drafter and Redis" */
  readonly between: string;
  readonly touches: readonly Part[];
  of(place: Place, random: Random): Link;
}

const LINKS: readonly Between[] = [
  {
    between: "a drafter and Redis",
    touches: ["drafters", "redis"],
    of: ({ drafters }, random) => pick(drafters, random).redis,
  },
  {
    between: "a drafter and NATS",
    touches: ["drafters", "nats"],
    of: ({ drafters }, random) => pick(drafters, random).nats,
  },
  {
    between: "the scheduler and Redis",
    touches: ["scheduler", "redis"],
    of: ({ scheduler }) => scheduler.redis,
  },
  {
    between: "the scheduler and NATS",
    touches: ["scheduler", "nats"],
    of: ({ scheduler }) => scheduler.nats,
  },
  {
    between: "a verifier and NATS",
    touches: ["verifiers", "nats"],
    of: ({ verifiers }, random) => pick(verifiers, random).nats,
  },
  {
    between: "the drafters and a verifier",
    touches: ["drafters", "verifiers"],
    of: ({ verifiers }, random) => pick(verifiers, random).calls,
  },
];

const SLOW_MS = 150;

/** Faults of the network. */
export const LINK_FAULTS: readonly FaultKind[] = LINKS.flatMap(({ between, touches, of }) => {
  const fault = (what: string, cause: (link: Link) => void): FaultKind => ({
    name: `${what} between ${between}`,
    touches,
    begin: async (place, random) => {
      const link = of(place, random);
      cause(link);
      return async () => link.open();
    },
  });
  return [
    fault("a partition", (link) => link.silence()),
    fault("refused connections", (link) => link.refuse()),
    fault("reset connections", (link) => link.reset()),
    fault("a slow link", (link) => link.open(SLOW_MS)),
  ];
});
