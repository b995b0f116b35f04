import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { Trie } from "@nightbeam/catalogue";
import type { Scorer, Scoring, Searcher, TargetProgram } from "@nightbeam/decoding";
import { noMetrics, noTracing, type Recorder, type Tracing } from "@nightbeam/telemetry";
import { channelOptions, pem, type TlsFiles } from "../channel-options.js";
import { ProtocolError } from "../errors.js";
import { identityMessage } from "../identity.js";
import type { AskSetup } from "./ask-setup.js";
import { type Auditing, secretDraw } from "./audit/auditing.js";
import { JobAnswers } from "./audit/job-answers.js";
import { type ClientLimits, clientLimitsOf } from "./client-limits.js";
import type { ClientLog, VerifierDirectory } from "./directory.js";
import type { Job } from "./job-calls.js";
import { JobScorer } from "./job-scorer.js";
import { JobSearcher } from "./job-searcher.js";
import { WireKeys } from "./key-book.js";
import { Links } from "./links.js";
import { RetryBudget } from "./retry-budget.js";
import { type ClientStatistics, StatisticsCounter } from "./statistics.js";
import { TrustBook } from "./trust/trust-book.js";
import { Wire } from "./wire.js";

export interface VerifierClientOptions {
  /** The list of verifiers; it may change at any time. */
  readonly directory: VerifierDirectory;
  readonly trie: Trie;
  /** SHA-256 of the target, in hex. */
  readonly target: string;
  /** Content hash of the catalogue, in hex. */
  readonly catalogue: string;
  readonly scoring: Scoring;
  /** What verifiers answer with: `scorer` needs tree-scores, `searcher` another one. Default: tree-scores. */
  readonly program?: TargetProgram;
  readonly limits?: Partial<ClientLimits>;
  readonly log?: ClientLog;
  readonly tls?: TlsFiles;
  /** Which verifiers are not believed; share it between clients that know the same verifiers. Default: a new one. */
  readonly trust?: TrustBook;
  /** Default: answers are not audited. */
  readonly audits?: AuditOptions;
  /** Measures calls. Default: they are not measured. */
  readonly recorder?: Recorder;
  /** Traces calls, as part of the work that makes them. Default: they are not traced. */
  readonly tracing?: Tracing;
  /** 0 to 1, without 1: spreads retries and breaks ties. Default: Math.random. */
  readonly random?: () => number;
}

/** Which answers are asked for again. */
export interface AuditOptions extends Pick<Auditing, "rate" | "tolerance"> {
  /** Default: from the system's generator for secrets. */
  readonly draw?: Auditing["draw"];
}

const NO_AUDITS: AuditOptions = { rate: 0, tolerance: { logProb: 0, paths: 0 } };

/**
 * The verifiers of a cluster as one scorer. It keeps a connection to each and sends a call to the
 * verifier that will probably answer first, or to the one that has cached the user's prompt. If a
 * verifier fails, another one is asked.
 */
export class VerifierClient {
  readonly #links: Links;
  readonly #setup: AskSetup;
  readonly #wireKeys = new WireKeys();
  readonly #statistics: StatisticsCounter;
  readonly #closed = new AbortController();
  readonly #program: TargetProgram;

  /** @throws ProtocolError BAD_OPTION */
  constructor(options: VerifierClientOptions) {
    const { target, catalogue, scoring, trie, log, program = "tree-scores" } = options;
    const { trust = new TrustBook(), audits = NO_AUDITS, tracing = noTracing } = options;
    this.#program = program;
    this.#statistics = new StatisticsCounter(options.recorder ?? noMetrics);
    const limits = clientLimitsOf(options.limits);
    const identity = identityMessage({ target, catalogue, scoring });
    const secrets = credentialsOf(options.tls);
    this.#links = new Links(options.directory, {
      identity: { target, catalogue, scoring },
      program,
      limits,
      trust,
      random: options.random ?? Math.random,
      ...(log === undefined ? {} : { log }),
      openWire: (address, report) =>
        new Wire({
          ...{ address, report, credentials: secrets },
          channelOptions: channelOptions(limits),
          traceparent: () => tracing.current,
        }),
    });
    // A listener per call in progress.
    setMaxListeners(0, this.#closed.signal);
    this.#setup = {
      trie,
      scoring,
      identity,
      limits,
      trust,
      auditing: { draw: secretDraw, ...audits, onAlone: onceAlone(log) },
      client: randomBytes(8).readBigUInt64LE(),
      links: this.#links,
      budget: new RetryBudget({
        burst: limits.retryBurst,
        perSecond: limits.retriesPerSecond,
        now: Date.now(),
      }),
      statistics: this.#statistics,
      tracing,
    };
  }

  /** Counts and audits the answers to one job, which is passed on as `Job.answers`. */
  answers(): JobAnswers {
    return new JobAnswers(this.#setup.trust);
  }

  /**
   * A scorer for one job. Calls are cancelled with the signal and never outlive the deadline. Keys
   * have to be different within the job only.
   *
   * @throws ProtocolError BAD_OPTION if the client's program is a whole search
   */
  scorer(job: Job): Scorer {
    const program = this.#program;
    if (program !== "tree-scores") throw wrongProgram(program, "searcher");
    return new JobScorer({ ...this.#jobOptions(job), wireKeys: this.#wireKeys });
  }

  /**
   * A searcher for one job. Calls are cancelled with the signal and never outlive the deadline.
   *
   * @throws ProtocolError BAD_OPTION if the client's program is no whole search
   */
  searcher(job: Job): Searcher {
    const program = this.#program;
    if (program === "tree-scores") throw wrongProgram(program, "scorer");
    return new JobSearcher({ ...this.#jobOptions(job), program });
  }

  /**
   * Waits until a verifier takes calls, so that work that needs one is not begun without.
   *
   * @throws ProtocolError NO_VERIFIER after `withinMs`; the signal's reason
   */
  async ready({ signal, withinMs }: { readonly signal: AbortSignal; readonly withinMs: number }) {
    const until = performance.now() + withinMs;
    while (!this.#links.isAnyReady) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) {
        throw new ProtocolError(
          "NO_VERIFIER",
          `no verifier took calls within ${withinMs} ms: ${this.#links.describe()}. Start or repair one.`,
        );
      }
      await this.#links.change(signal, leftMs);
    }
  }

  /** Sums since the client was made, as they are now. */
  get statistics(): ClientStatistics {
    return this.#statistics.sums;
  }

  /** Fails calls in progress with CLOSED and closes all connections. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#links.close();
  }

  #jobOptions(job: Job) {
    return { job, setup: this.#setup, closed: this.#closed.signal };
  }
}

function wrongProgram(program: TargetProgram, method: string): ProtocolError {
  return new ProtocolError("BAD_OPTION", `the client's program is ${program}: call \`${method}\``);
}

/** Says once that there is no second verifier. */
function onceAlone(log: ClientLog | undefined): () => void {
  let isSaid = false;
  return () => {
    if (isSaid) return;
    isSaid = true;
    log?.warn({}, "answers are not audited: there is no second verifier for these models");
  };
}

function credentialsOf(tls: TlsFiles | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}
