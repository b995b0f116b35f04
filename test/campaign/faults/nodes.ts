import { below, type Random } from "@nightbeam/testing";
import type { ClusterNode } from "../../cluster/support/node.js";
import { startAgain } from "../support/node-maker.js";
import type { Place } from "../support/place.js";
import type { FaultKind, Part } from "./kind.js";

type Role = "drafter" | "verifier" | "scheduler";

const PARTS: Readonly<Record<Role, Part>> = {
  drafter: "drafters",
  verifier: "verifiers",
  scheduler: "scheduler",
};

export function pick<T>(all: readonly T[], random: Random): T {
  const one = all[below(random, all.length)];
  if (one === undefined) throw new Error("there is nothing to pick from");
  return one;
}

function nodeOf(place: Place, role: Role, random: Random): ClusterNode {
  if (role === "scheduler") return place.scheduler.node;
  return role === "drafter"
    ? pick(place.drafters, random).node
    : pick(place.verifiers, random).node;
}

/** Clocks that are a minute to two days away. */
const SKEWS_MS = [-172_800_000, -3_600_000, -60_000, 60_000, 3_600_000, 172_800_000];

function ofRole(role: Role): FaultKind[] {
  const touches = [PARTS[role]];
  const article = role === "scheduler" ? "the" : "a";
  return [
    {
      name: `${article} ${role} is killed`,
      touches,
      begin: async (place, random) => {
        const node = nodeOf(place, role, random);
        await node.signal("SIGKILL");
        return () => startAgain(node);
      },
    },
    {
      name: `${article} ${role} is stopped`,
      touches,
      begin: async (place, random) => {
        const node = nodeOf(place, role, random);
        await node.stop();
        return () => startAgain(node);
      },
    },
    {
      name: `${article} ${role} is frozen`,
      touches,
      begin: async (place, random) => {
        const node = nodeOf(place, role, random);
        await node.signal("SIGSTOP");
        return async () => void (await node.signal("SIGCONT"));
      },
    },
    {
      name: `${article} ${role} with a wrong clock`,
      touches,
      begin: async (place, random) => {
        const node = nodeOf(place, role, random);
        await node.stop();
        await node.start({ NIGHTBEAM_TEST_SKEW_MS: `${pick(SKEWS_MS, random)}` });
        return async () => {
          await node.stop();
          await startAgain(node);
        };
      },
    },
  ];
}

/** Faults of the cluster's own processes. */
export const NODE_FAULTS: readonly FaultKind[] = [
  ...ofRole("drafter"),
  ...ofRole("verifier"),
  ...ofRole("scheduler"),
];
