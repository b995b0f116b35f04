import type { Control } from "@nightbeam/control";
import { answersHash } from "@nightbeam/model";
import { serveVerifier } from "@nightbeam/protocol";
import {
  type Clock,
  formatHostPort,
  freshNodeName,
  readTls,
  readVersion,
  systemClock,
  type TlsBytes,
} from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import type { VerifierOptions } from "../options/options.js";
import { advertisedAddress } from "./addresses.js";
import { loadTarget, type Target } from "./load-target.js";
import { openLanes } from "./open-lanes.js";
import { Tally } from "./tally.js";
import { type RunningVerifier, VerifierService } from "./verifier-service.js";
import { verifyHandler } from "./verify-handler.js";

export interface VerifierDeps {
  readonly log: Log;
  /** Where to announce the verifier; without it, clients have to be told its address. Not closed here. */
  readonly control?: Pick<Control, "announce">;
  readonly clock?: Clock;
}

/**
 * Loads the target, serves it and announces it.
 *
 * @throws DatasetError, ModelError about the files; ProtocolError BAD_OPTION where the port cannot be
 *   had; ControlError
 */
export async function startVerifier(
  options: VerifierOptions,
  { log, control, clock = systemClock }: VerifierDeps,
): Promise<RunningVerifier> {
  const version = await readVersion(new URL("../../package.json", import.meta.url));
  // First: a wrong path shall not wait for a model to be loaded.
  const tls = await readTls(options);
  const target = await loadTarget(options, { log, clock });
  if (control === undefined) log.info({}, "no NATS: drafters have to be told this address");
  const setup: Setup = { options, log, clock, version, target, tls };
  try {
    return await serve(setup, control);
  } catch (error) {
    await target.model.close();
    throw error;
  }
}

interface Setup {
  readonly options: VerifierOptions;
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
  readonly target: Target;
  readonly tls: TlsBytes | undefined;
}

async function serve(setup: Setup, control: VerifierDeps["control"]): Promise<RunningVerifier> {
  const { options, log, clock, version, target, tls } = setup;
  const { model, catalogue, cost } = target;
  const { precision, scoring, graceMs, listen } = options;
  const answers = answersHash({ checkpoint: model.hash, precision });
  const identity = { target: answers, catalogue: catalogue.hash, scoring };
  const { lanes, lost } = openLanes(target, setup);
  const load = () => {
    const { waitingTokens, runningTokens } = lanes;
    return { waitingTokens, runningTokens, cost: cost.line };
  };
  const tally = new Tally();
  const describe = () => ({ precision, version, ...load() });
  const server = await serveVerifier({
    ...identity,
    ...listen,
    handler: verifyHandler({ lanes, clock, tally, log, describe }),
    trie: catalogue.trie,
    ...(tls === undefined ? {} : { tls }),
    limits: { promptTokens: model.maxPromptTokens, vocabulary: model.vocabularySize },
  });
  const address = advertisedAddress({ ...options, port: server.port });
  const listening = formatHostPort({ host: listen.host, port: server.port });
  const id = options.name ?? freshNodeName();
  const names = { id, address, listening };
  const verifier = new VerifierService({
    ...names,
    lanes,
    server,
    model,
    tally,
    clock,
    log,
    graceMs,
  });
  void lost.then(() => verifier.laneLost());
  try {
    const presence = control?.announce(
      () => ({
        role: "verifier",
        id,
        address,
        ...identity,
        precision,
        ...load(),
        draining: verifier.isDraining,
        version,
      }),
      { onDrain: () => verifier.drain("asked over NATS") },
    );
    if (presence !== undefined) verifier.announcedBy(presence);
  } catch (error) {
    verifier.drain("it cannot be announced");
    await verifier.finished;
    throw error;
  }
  log.info({ ...names, announced: control !== undefined, graceMs }, "verifier is serving");
  return verifier;
}
