import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { crc32 } from "node:zlib";
import { S3Client } from "@aws-sdk/client-s3";

/** The response to a request instead of the real one. */
export interface Fault {
  readonly status: number;
  readonly code: string;
  /** The request is carried out, and only its response is lost. */
  readonly carriedOut?: boolean;
}

export interface S3Server {
  readonly endpoint: string;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** Requests so far, as "PUT bucket/key". */
  readonly requests: readonly string[];
  /** The next requests of a method get these responses, one each. */
  fail(method: string, ...faults: Fault[]): void;
  /** All requests get this response, until it is called without one. */
  refuseAll(fault?: Fault): void;
  stop(): Promise<void>;
}

interface StoredObject {
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface S3ServerOptions {
  /** Keys per page of a listing. Default: 3, so that listings have several pages. */
  readonly pageSize?: number;
}

/**
 * The part of S3 that the store uses, in memory: PUT with conditions and checksums, GET, HEAD,
 * DELETE, ListObjectsV2 with pages. Answers as the S3 API reference has it.
 */
export async function startS3(
  bucket: string,
  { pageSize = 3 }: S3ServerOptions = {},
): Promise<S3Server> {
  const stored = new Map<string, StoredObject>();
  const requests: string[] = [];
  const faults = new Map<string, Fault[]>();
  let standing: Fault | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const method = request.method ?? "";
    const [, inBucket = "", ...parts] = decodeURIComponent(url.pathname).split("/");
    const key = parts.join("/");
    requests.push(`${method} ${inBucket}/${key}`);
    const bytes = await bodyOf(request);
    const fault = faults.get(method)?.shift() ?? standing;
    if (fault !== undefined) {
      if (fault.carriedOut === true) put(stored, { key, bytes, request });
      return sendError(response, fault.status, fault.code);
    }
    if (inBucket !== bucket) return sendError(response, 404, "NoSuchBucket");
    if (method === "PUT") {
      if (request.headers["if-none-match"] === "*" && stored.has(key)) {
        return sendError(response, 412, "PreconditionFailed");
      }
      if (!isWhole(request, bytes)) return sendError(response, 400, "BadDigest");
      put(stored, { key, bytes, request });
      return send(response, 200);
    }
    if (method === "DELETE") {
      stored.delete(key);
      return send(response, 204);
    }
    if (key === "")
      return send(response, 200, listing(stored, { query: url.searchParams, pageSize }));
    const object = stored.get(key);
    if (object === undefined) {
      return method === "HEAD" ? send(response, 404) : sendError(response, 404, "NoSuchKey");
    }
    for (const [name, value] of Object.entries(object.metadata)) response.setHeader(name, value);
    response.setHeader("content-length", object.bytes.length);
    return send(response, 200, method === "HEAD" ? undefined : object.bytes);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    get objects() {
      return new Map([...stored].map(([key, { bytes }]) => [key, bytes]));
    },
    requests,
    fail: (method, ...more) => faults.set(method, [...(faults.get(method) ?? []), ...more]),
    refuseAll: (fault) => {
      standing = fault;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A client of a test's server. */
export function s3Client(server: S3Server): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    forcePathStyle: true,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
}

function quiet(): void {}

function put(
  stored: Map<string, StoredObject>,
  { key, bytes, request }: { key: string; bytes: Buffer; request: IncomingMessage },
): void {
  const metadata = Object.entries(request.headers).filter(([name]) =>
    name.startsWith("x-amz-meta-"),
  );
  stored.set(key, {
    bytes,
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name, String(value)])),
  });
}

/** A body without a known checksum counts as incomplete: the store must send one. */
function isWhole(request: IncomingMessage, bytes: Buffer): boolean {
  if (Number(request.headers["content-length"]) !== bytes.length) return false;
  const sha256 = request.headers["x-amz-checksum-sha256"];
  if (sha256 !== undefined) return createHash("sha256").update(bytes).digest("base64") === sha256;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return request.headers["x-amz-checksum-crc32"] === sum.toString("base64");
}

function listing(
  stored: ReadonlyMap<string, StoredObject>,
  { query, pageSize }: { query: URLSearchParams; pageSize: number },
): string {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? "";
  const keys = [...stored.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, pageSize);
  const last = page.at(-1);
  const more = keys.length > pageSize && last !== undefined;
  const next = more ? `<NextContinuationToken>${escaped(last)}</NextContinuationToken>` : "";
  const contents = page.map((key) => `<Contents><Key>${escaped(key)}</Key></Contents>`);
  return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function sendError(response: ServerResponse, status: number, code: string): void {
  const text = `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  send(response, status, text);
}

function send(response: ServerResponse, status: number, body?: string | Buffer): void {
  response.setHeader("x-amz-request-id", randomUUID());
  response.statusCode = status;
  response.end(body);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
