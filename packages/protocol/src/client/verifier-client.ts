import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { Trie } from "@nightbeam/catalogue";
import type { Scorer, Scoring } from "@nightbeam/decoding";
import { channelOptions, pem, type TlsFiles } from "../channel-options.js";
import { identityMessage } from "../identity.js";
import type { AskSetup } from "./asking.js";
import { type ClientLimits, clientLimitsOf } from "./client-limits.js";
import type { ClientLog, VerifierDirectory } from "./directory.js";
import { JobScorer } from "./job-scorer.js";
import { WireKeys } from "./key-book.js";
import { Links } from "./links.js";
import { RetryBudget } from "./retry-budget.js";
import { type ClientStatistics, StatisticsCounter } from "./statistics.js";
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
  readonly limits?: Partial<ClientLimits>;
  readonly log?: ClientLog;
  readonly tls?: TlsFiles;
  /** 0 to 1, without 1: spreads retries and breaks ties. Default: Math.random. */
  readonly random?: () => number;
}

/**
 * The verifiers of a cluster as one scorer. It keeps a connection to each and sends a call to the
 * verifier that will probably answer first, or to the one that has cached the user's prompt. If a
 * verifier fails, another one is asked.
 */
export class VerifierClient {
  readonly #links: Links;
  readonly #setup: AskSetup;
  readonly #wireKeys = new WireKeys();
  readonly #statistics = new StatisticsCounter();
  readonly #closed = new AbortController();

  /** @throws ProtocolError BAD_OPTION */
  constructor(options: VerifierClientOptions) {
    const { target, catalogue, scoring, trie, log } = options;
    const limits = clientLimitsOf(options.limits);
    const identity = identityMessage({ target, catalogue, scoring });
    const secrets = credentialsOf(options.tls);
    this.#links = new Links(options.directory, {
      identity: { target, catalogue, scoring },
      limits,
      random: options.random ?? Math.random,
      ...(log === undefined ? {} : { log }),
      openWire: (address, report) =>
        new Wire({ address, report, credentials: secrets, channelOptions: channelOptions(limits) }),
    });
    // A listener per call in progress.
    setMaxListeners(0, this.#closed.signal);
    this.#setup = {
      trie,
      identity,
      limits,
      client: randomBytes(8).readBigUInt64LE(),
      links: this.#links,
      budget: new RetryBudget({
        burst: limits.retryBurst,
        perSecond: limits.retriesPerSecond,
        now: Date.now(),
      }),
      statistics: this.#statistics,
    };
  }

  /**
   * A scorer for one job. Calls are cancelled with the signal and never outlive the deadline. Keys
   * have to be different within the job only.
   */
  scorer(job: {
    readonly signal: AbortSignal;
    /** Epoch milliseconds. */
    readonly deadline: number;
  }): Scorer {
    return new JobScorer({
      job,
      setup: this.#setup,
      wireKeys: this.#wireKeys,
      closed: this.#closed.signal,
    });
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
}

function credentialsOf(tls: TlsFiles | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}
