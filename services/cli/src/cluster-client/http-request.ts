import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { type TlsBytes, tlsClientOptions } from "@nightbeam/service";

export interface HttpRequest {
  /** http:// or https:// */
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The authority of an https server, if Node does not know it. */
  readonly tls?: TlsBytes | undefined;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends a request. Unlike `fetch`, it takes the authority of a server. Rejects with the error of the connection. */
export function httpRequest(options: HttpRequest): Promise<HttpAnswer> {
  const { url, method, headers, body, tls, timeoutMs } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const sent = url.startsWith("https:")
      ? requestTls(url, { method, headers, signal, ...tlsClientOptions(tls) })
      : requestPlain(url, { method, headers, signal });
    sent.once("response", (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("error", reject);
      answer.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: answer.statusCode ?? 0, text });
      });
    });
    sent.once("error", (error) => reject(signal.aborted ? signal.reason : error));
    sent.end(body);
  });
}
