import type { Trie } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import type { Tracing } from "@nightbeam/telemetry";
import type { IdentityMessage } from "../identity.js";
import type { Auditing } from "./audit/auditing.js";
import type { ClientLimits } from "./client-limits.js";
import type { Links } from "./links.js";
import type { RetryBudget } from "./retry-budget.js";
import type { StatisticsCounter } from "./statistics.js";
import type { TrustBook } from "./trust/trust-book.js";

/** What asking verifiers needs. */
export interface AskSetup {
  readonly trie: Trie;
  readonly scoring: Scoring;
  readonly identity: IdentityMessage;
  readonly client: bigint;
  readonly links: Links;
  readonly limits: ClientLimits;
  readonly budget: RetryBudget;
  readonly statistics: StatisticsCounter;
  readonly tracing: Tracing;
  readonly trust: TrustBook;
  readonly auditing: Auditing;
}
