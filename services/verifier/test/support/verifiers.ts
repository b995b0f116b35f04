import { type NodeStatus, staticVerifiers } from "@nightbeam/control";
import { VerifierClient, type VerifierClientOptions } from "@nightbeam/protocol";
import { parseOptions } from "@nightbeam/service";
import { verifierSchema } from "../../src/options/options.js";
import { startVerifier } from "../../src/server/start-verifier.js";
import type { RunningVerifier } from "../../src/server/verifier-service.js";
import { keepingLog, type LogLine } from "./log-lines.js";
import type { VerifierWorld } from "./worlds.js";

/** A verifier in this process, and what it says about itself. */
export interface TestVerifier {
  readonly verifier: RunningVerifier;
  readonly lines: readonly LogLine[];
  /** What a heartbeat would say now. */
  status(): NodeStatus;
  /** Heartbeats that were sent early. */
  readonly updates: readonly NodeStatus[];
  /** Asks it to drain, as over NATS. */
  askToDrain(): void;
}

export async function openVerifier(
  world: VerifierWorld,
  flags: Record<string, unknown> = {},
): Promise<TestVerifier> {
  const { log, lines } = keepingLog();
  let status: () => NodeStatus = () => {
    throw new Error("the verifier was not announced");
  };
  let askToDrain = () => {};
  const updates: NodeStatus[] = [];
  const given = {
    target: world.target,
    catalogue: world.catalogue,
    listen: "127.0.0.1:0",
    workers: 2,
    promptCache: 0.1,
    graceMs: 10_000,
    ...flags,
  };
  const options = parseOptions(verifierSchema, given);
  const verifier = await startVerifier(options, {
    log,
    control: {
      announce: (say, { onDrain }) => {
        status = say;
        askToDrain = onDrain;
        return { update: () => updates.push(say()), stop: async () => {} };
      },
    },
  });
  return { verifier, lines, status, updates, askToDrain };
}

/** A client of some verifiers, all of the world's target. */
export function openClient(
  world: VerifierWorld,
  verifiers: readonly TestVerifier[],
  options: Partial<VerifierClientOptions> = {},
): VerifierClient {
  const addresses = verifiers.map(({ verifier }) => verifier.address);
  return clientOf(world, staticVerifiers(addresses), options);
}

/** A client of the verifiers of a directory. */
export function clientOf(
  world: VerifierWorld,
  directory: VerifierClientOptions["directory"],
  options: Partial<VerifierClientOptions> = {},
): VerifierClient {
  return new VerifierClient({
    ...options,
    directory,
    trie: world.searched.trie,
    target: world.local.hash,
    catalogue: world.searched.hash,
    scoring: "full",
  });
}

/** A job that has a minute. */
export function job(): { signal: AbortSignal; deadline: number } {
  return { signal: new AbortController().signal, deadline: Date.now() + 60_000 };
}

export async function stop(...verifiers: readonly TestVerifier[]): Promise<void> {
  for (const { verifier } of verifiers) verifier.drain("the test is over");
  await Promise.all(verifiers.map(({ verifier }) => verifier.finished));
}
