import type { RejectReason, SearchRecord } from "@nightbeam/run";

/** What a report shows: JSON inside its page. Items are places in `items`. */
export interface ReportData {
  /** The directory's name. */
  readonly name: string;
  readonly out: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly plannedAt: string | undefined;
  readonly nightbeam: string | undefined;
  readonly users: number;
  readonly rejected: number;
  readonly headline: Headline;
  /** Ids of the items that occur. */
  readonly items: readonly string[];
  /** Their titles, where there is one; shape [items]. */
  readonly titles: readonly (string | null)[];
  /** The users that are shown; fewer than all in a large run. */
  readonly lists: readonly ReportList[];
  /** How the searches of sample users went. */
  readonly searches: readonly SearchRecord[];
  readonly rejects: readonly RejectReason[];
  readonly figures: readonly ReportFigure[];
  readonly settings: readonly ReportFact[];
  readonly inputs: readonly ReportFact[];
  readonly comparison: RunComparison | undefined;
}

/** The figures that a run is judged by. */
export interface Headline {
  /** Calls of the target per search; undefined for a run without searches. */
  readonly calls: number | undefined;
  /** Calls that plain search makes: one per level. */
  readonly plainCalls: number | undefined;
  readonly nodes: number | undefined;
  readonly seconds: number | undefined;
  readonly usersPerSecond: number | undefined;
  /** What the target was run for, and why. */
  readonly program: string | undefined;
  readonly reason: string | undefined;
  /** Whether the lists are the target's own beam search. */
  readonly isStrict: boolean;
}

export interface ReportList {
  readonly user: string;
  /** Oldest first; undefined if it is not known. */
  readonly history: readonly number[] | undefined;
  readonly list: readonly number[];
  /** Log-probabilities (nats), or the scores of drawn lists. Shape [list]. */
  readonly scores: readonly number[];
}

export interface ReportFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly meaning: string;
}

export interface ReportFact {
  readonly name: string;
  readonly value: string;
}

/** How the lists of two runs differ. */
export interface RunComparison {
  readonly against: string;
  /** Whether users, items and order are the same. */
  readonly isSame: boolean;
  readonly users: {
    readonly both: number;
    readonly onlyHere: number;
    readonly onlyThere: number;
    /** Some of them. */
    readonly samplesHere: readonly string[];
    readonly samplesThere: readonly string[];
  };
  /** Mean share of a list's items that are in the user's other list too, 0 to 1. */
  readonly overlap: number;
  /** Users by this share: tenths, from 0 to 1. Shape [11]. */
  readonly histogram: readonly number[];
  /** Share of the users whose first item is the same. */
  readonly sameFirst: number;
  /** Mean score of the first item. */
  readonly topScore: { readonly here: number; readonly there: number };
  readonly calls: { readonly here: number | undefined; readonly there: number | undefined };
  /** The users whose lists differ most. */
  readonly changed: readonly ChangedList[];
}

export interface ChangedList {
  readonly user: string;
  readonly here: readonly number[];
  readonly there: readonly number[];
}
