import { createServer, type IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import { loadSync } from "@grpc/proto-loader";
import { z } from "zod";

/** The same from src/traces and from dist/traces. */
const PROTO = fileURLToPath(new URL("../../src/traces/otlp.proto", import.meta.url));

/** A span as it was sent. Ids are in hex; times are epoch milliseconds. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a span without a parent. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Span ids. */
  readonly links: readonly string[];
  readonly attributes: ReadonlyMap<string, string | number | boolean>;
  readonly service: string;
  /** Of the process that sent it. */
  readonly resource: ReadonlyMap<string, string | number | boolean>;
}

/** A small OTLP receiver over HTTP. */
export interface TraceReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  close(): Promise<void>;
}

/** Starts a receiver on a free port. */
export async function startTraceReceiver(): Promise<TraceReceiver> {
  const read = requestReader();
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    bodyOf(request).then(
      (body) => {
        spans.push(...spansOf(read(body)));
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
      },
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const hex = z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes).toString("hex"));
const milliseconds = z.string().transform((nanoseconds) => Number(nanoseconds) / 1e6);
const values = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .transform(
    (pairs) =>
      new Map(
        pairs.map(({ key, value }) => {
          const { stringValue, boolValue, intValue, doubleValue } = value;
          const number = intValue === undefined ? doubleValue : Number(intValue);
          return [
            key,
            z
              .union([z.string(), z.number(), z.boolean()])
              .parse(stringValue ?? boolValue ?? number),
          ] as const;
        }),
      ),
  );
const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: values }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: hex,
              spanId: hex,
              parentSpanId: hex.optional().transform((id = "") => id),
              name: z.string(),
              startTimeUnixNano: milliseconds,
              endTimeUnixNano: milliseconds,
              attributes: values,
              links: z.array(z.object({ spanId: hex })),
            }),
          ),
        }),
      ),
    }),
  ),
});

function requestReader(): (body: Buffer) => z.output<typeof requestSchema> {
  const { "otlp.TraceService": service } = loadSync(PROTO, {
    longs: String,
    arrays: true,
    defaults: false,
  });
  if (service === undefined || !("Export" in service)) throw new Error("otlp.proto has no service");
  const { Export: method } = service;
  if (typeof method === "function") throw new Error("otlp.proto has no method");
  return (body) => requestSchema.parse(method.requestDeserialize(body));
}

function spansOf({ resourceSpans }: z.output<typeof requestSchema>): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ startTimeUnixNano: from, endTimeUnixNano: to, links, ...span }) => ({
        ...{ ...span, from, to },
        links: links.map(({ spanId }) => spanId),
        service: String(resource.attributes.get("service.name")),
        resource: resource.attributes,
      })),
    ),
  );
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
