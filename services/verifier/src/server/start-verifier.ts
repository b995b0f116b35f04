import type { Control } from "@nightbeam/control";
import { answersHash } from "@nightbeam/model";
import { type ServedVerifier, serveVerifier, type VerifierDescription } from "@nightbeam/protocol";
import { workersNote } from "@nightbeam/recommend";
import {
  type Clock,
  formatHostPort,
  freshNodeName,
  readTls,
  readVersion,
  serveHealth,
  systemClock,
  type TlsBytes,
} from "@nightbeam/service";
import { type Closers, loggedClosers, openWith } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { exportMetrics, type Metrics, openTracing, type Tracing } from "@nightbeam/telemetry";
import { VerifierError } from "../errors.js";
import type { AllLanes } from "../lanes/all-lanes.js";
import type { VerifierOptions } from "../options/options.js";
import { advertisedAddress } from "./addresses.js";
import { loadTarget, type Target } from "./load-target.js";
import { observeLoad } from "./observe-load.js";
import { openLanes } from "./open-lanes.js";
import { Tally } from "./tally.js";
import { type RunningVerifier, VerifierService } from "./verifier-service.js";
import { verifyHandler } from "./verify-handler.js";

export interface VerifierDeps {
  readonly log: Log;
  /** Announces the verifier. Without it, drafters must be given its address. Not closed here. */
  readonly control?: Pick<Control, "announce">;
  readonly clock?: Clock;
}

/**
 * Loads the target, serves it and announces it.
 *
 * @throws DatasetError, ModelError about the files; ProtocolError BAD_OPTION if the port cannot be used, UsageError
 * BAD_OPTION if that of --health-listen cannot;
 * ControlError
 */
export async function startVerifier(
  options: VerifierOptions,
  { log, control, clock = systemClock }: VerifierDeps,
): Promise<RunningVerifier> {
  const version = await readVersion(new URL("../../package.json", import.meta.url));
  // Fails on a bad path before it loads the model.
  const tls = await readTls(options, log);
  return openWith(loggedClosers(log), async (closers) => {
    let notReady: () => readonly string[] = () => ["the target is being loaded"];
    if (options.healthListen !== undefined) {
      const { healthListen: address } = options;
      const health = await serveHealth({ address, notReady: () => notReady() });
      closers.add("health checks", () => health.close());
      log.info({ url: health.url }, "serving health checks");
    }
    const { metricsListen } = options;
    const metrics = await exportMetrics({
      service: "verifier",
      ...{ version, metricsListen, log, closers },
    });
    const note = workersNote(options);
    if (note !== undefined) log.warn({}, note);
    const node = options.name;
    const tracing = await openTracing({ service: "verifier", version, node, log, closers });
    const target = await loadTarget(options, { log, clock, closers });
    if (control === undefined) log.info({}, "no NATS: give this address to the drafters");
    const verifier = await open({
      ...{ options, log, clock, closers, version, target, tls, control, metrics, tracing },
    });
    notReady = () => (verifier.isDraining ? ["the verifier is draining"] : []);
    return verifier;
  });
}

interface Setup {
  readonly options: VerifierOptions;
  readonly log: Log;
  readonly clock: Clock;
  readonly closers: Closers;
  readonly version: string;
  readonly target: Target;
  readonly tls: TlsBytes | undefined;
  readonly control: VerifierDeps["control"];
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

async function open(setup: Setup): Promise<RunningVerifier> {
  const { options, log, clock, closers, version, target, control, metrics } = setup;
  const { precision, graceMs, listen } = options;
  const { lanes, lost } = openLanes(target, setup);
  closers.add("lanes", () => {
    lanes.close(new VerifierError("DRAINING", "this verifier is shutting down; ask another one"));
  });
  const load = () => {
    const { waitingTokens, runningTokens } = lanes;
    const programs = target.programs.map(({ program, cost }) => ({ program, cost: cost.line }));
    return { waitingTokens, runningTokens, programs };
  };
  observeLoad(metrics, { lanes, target });
  const tally = new Tally(metrics);
  const describe = () => ({ precision, version, ...load() });
  const server = await serve(setup, { lanes, tally, describe });
  const names = {
    id: options.name ?? freshNodeName(),
    address: advertisedAddress({ ...options, port: server.port }),
    listening: formatHostPort({ host: listen.host, port: server.port }),
  };
  const parts = { ...names, lanes, server, closers, tally, clock, log, graceMs };
  const verifier = new VerifierService(parts);
  void lost.then(() => verifier.laneLost());
  const announcement = control?.announce(
    () => ({
      role: "verifier",
      id: names.id,
      address: names.address,
      ...identityOf(setup),
      precision,
      ...heartbeatLoad(load(), options.promptCache > 0),
      draining: verifier.isDraining,
      version,
    }),
    { onDrain: () => verifier.drain("asked over NATS") },
  );
  if (announcement !== undefined) verifier.announcedBy(announcement);
  log.info({ ...names, announced: control !== undefined, graceMs }, "verifier is serving");
  return verifier;
}

async function serve(
  setup: Setup,
  parts: {
    readonly lanes: AllLanes;
    readonly tally: Tally;
    readonly describe: Parameters<typeof verifyHandler>[0]["describe"];
  },
): Promise<ServedVerifier> {
  const { options, log, clock, closers, target, tls, metrics, tracing } = setup;
  const { model, catalogue } = target;
  const passesAtOnce = Math.max(...target.programs.map(({ workers }) => workers.length));
  const server = await serveVerifier({
    ...identityOf(setup),
    ...options.listen,
    metrics,
    handler: verifyHandler({ ...parts, passesAtOnce, clock, tracing, log }),
    trie: catalogue.trie,
    ...(tls === undefined ? {} : { tls }),
    limits: { promptTokens: model.maxPromptTokens, vocabulary: model.vocabularySize },
  });
  closers.add("server", () => server.close());
  return server;
}

/** The load in a heartbeat. Nodes of older versions know the cost of tree calls alone. */
function heartbeatLoad(
  load: Pick<VerifierDescription, "programs" | "waitingTokens" | "runningTokens">,
  keepsPrompts: boolean,
) {
  const cost = load.programs.find(({ program }) => program === "tree-scores")?.cost;
  const programs = load.programs.map((one) =>
    one.program === "tree-scores" && !keepsPrompts ? { ...one, keepsPrompts } : one,
  );
  return { ...load, ...(cost === undefined ? {} : { cost }), programs };
}

/** What drafters and this verifier must agree on. */
function identityOf({ target, options }: Pick<Setup, "target" | "options">) {
  const { model, catalogue } = target;
  const { precision, scoring, device } = options;
  const answers = answersHash({ checkpoint: model.hash, precision, device: device.kind });
  return { target: answers, catalogue: catalogue.hash, scoring };
}
