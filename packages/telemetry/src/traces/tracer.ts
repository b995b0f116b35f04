import { AsyncLocalStorage } from "node:async_hooks";
import { within } from "@nightbeam/service";
import {
  type Context,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type SpanOptions as StartOptions,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
} from "@opentelemetry/sdk-trace-base";
import { reportedExporter } from "./reported-exporter.js";
import type { Span, SpanOptions, Tracing } from "./tracing.js";
import type { TracingOptions } from "./tracing-options.js";

/** How long the last spans may take to be sent: a service that stops does not wait for a collector. */
const CLOSE_MS = 1_000;

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Opens OpenTelemetry's tracer with an OTLP exporter. It sets none of OpenTelemetry's globals. */
export function openTracer({ service, version, node, log }: Omit<TracingOptions, "closers">): {
  readonly tracing: Tracing;
  close(): Promise<void>;
} {
  const ids = new RandomIdGenerator();
  let nextId: string | undefined;
  const own = resourceFromAttributes({
    "service.name": `nightbeam-${service}`,
    "service.version": version,
    ...(node === undefined ? {} : { "service.instance.id": node }),
  });
  const provider = new BasicTracerProvider({
    // The variables win.
    resource: own.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(reportedExporter(new OTLPTraceExporter(), log))],
    idGenerator: {
      generateTraceId: () => ids.generateTraceId(),
      generateSpanId: () => {
        const id = nextId ?? ids.generateSpanId();
        nextId = undefined;
        return id;
      },
    },
  });
  const tracer = provider.getTracer("nightbeam", version);
  const current = new AsyncLocalStorage<string>();
  const start = (name: string, options: SpanOptions & Pick<StartOptions, "startTime">) => {
    const { parent = current.getStore(), links = [], kind, attributes, startTime } = options;
    return tracer.startSpan(
      name,
      {
        ...(kind === undefined ? {} : { kind: KINDS[kind] }),
        ...(attributes === undefined ? {} : { attributes }),
        ...(startTime === undefined ? {} : { startTime }),
        links: links
          .flatMap((link) => parseTraceParent(link) ?? [])
          .map((context) => ({ context })),
      },
      contextOf(parent),
    );
  };
  const tracing: Tracing = {
    get current() {
      return current.getStore();
    },
    within: async (name, options, work) => {
      const parent = options.parent ?? current.getStore();
      if (isUnsampled(parent)) {
        return current.run(parent, () => work({ traceparent: parent, set: () => undefined }));
      }
      const span = start(name, options);
      const traceparent = traceparentOf(span);
      try {
        return await current.run(traceparent, () => work(spanOf(span, traceparent)));
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
        throw error;
      } finally {
        span.end();
      }
    },
    record: (name, { from, to, traceparent, ...options }) => {
      if (isUnsampled(options.parent)) return;
      nextId = parseTraceParent(traceparent ?? "")?.spanId;
      start(name, { ...options, startTime: from }).end(to);
      nextId = undefined;
    },
    reserve: (parent) => {
      const context = parseTraceParent(parent ?? "");
      return context === null ? undefined : textOf({ ...context, spanId: ids.generateSpanId() });
    },
  };
  return {
    tracing,
    close: async () => {
      // What cannot be sent was logged.
      await within(provider.shutdown(), { ms: CLOSE_MS }).catch(() => undefined);
    },
  };
}

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{2})$/;

/** Whether a trace goes on that is not recorded. All services follow the decision of the first, and save its cost. */
function isUnsampled(parent: string | undefined): parent is string {
  if (parent === undefined) return false;
  const [, flags] = TRACEPARENT.exec(parent) ?? [];
  return flags !== undefined && (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) === 0;
}

function spanOf(span: OtelSpan, traceparent: string): Span {
  return { traceparent, set: (attributes) => void span.setAttributes(attributes) };
}

function contextOf(traceparent: string | undefined): Context {
  const parent = parseTraceParent(traceparent ?? "");
  return parent === null
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

function traceparentOf(span: OtelSpan): string {
  return textOf(span.spanContext());
}

function textOf(context: { traceId: string; spanId: string; traceFlags: number }): string {
  const isSampled = (context.traceFlags & TraceFlags.SAMPLED) !== 0;
  return `00-${context.traceId}-${context.spanId}-${isSampled ? "01" : "00"}`;
}
