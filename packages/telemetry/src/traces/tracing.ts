/** What a span says about its work. Ids of runs and shards are welcome here, unlike in metrics. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** The W3C traceparent of the span that this one belongs to. Default: the span of the work in progress, if there is one. */
  readonly parent?: string | undefined;
  /** Traceparents of further spans that led to this one. */
  readonly links?: readonly string[];
  /** How the span meets other processes. Default: it does not. */
  readonly kind?: "server" | "client" | "producer" | "consumer";
  readonly attributes?: SpanAttributes;
}

/** A span in progress. */
export interface Span {
  /** For other processes and threads. Undefined if nothing is traced. */
  readonly traceparent: string | undefined;
  set(attributes: SpanAttributes): void;
}

/** A span that has ended already, or ends elsewhere. Times are epoch milliseconds. */
export interface PastSpan extends SpanOptions {
  readonly from: number;
  readonly to: number;
  /** The traceparent that its children were given, see `Tracing.reserve`. */
  readonly traceparent?: string;
}

/** Makes spans. */
export interface Tracing {
  /** The traceparent of the work in progress; undefined if nothing is traced. */
  readonly current: string | undefined;
  /** Does work within a span. What it starts has this span as its parent; what it throws is noted and thrown on. */
  within<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Adds a span that has ended. */
  record(name: string, span: PastSpan): void;
  /** A traceparent for the children of a span that is recorded when it has ended. Undefined without a parent. */
  reserve(parent: string | undefined): string | undefined;
}

const NO_SPAN: Span = { traceparent: undefined, set: () => undefined };

/** Traces nothing. */
export const noTracing: Tracing = {
  current: undefined,
  within: (_name, _options, work) => work(NO_SPAN),
  record: () => undefined,
  reserve: () => undefined,
};
