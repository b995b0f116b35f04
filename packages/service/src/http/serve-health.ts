import type { HostPort } from "../options/host-port.js";
import { type HttpServer, serveHttp } from "./serve-http.js";

export interface HealthOptions {
  /** Port 0 picks a free one. */
  readonly address: HostPort;
  /** Why the service takes no work now, a sentence each. Empty: it is ready. Called for every `/readyz`. */
  readonly notReady: () => readonly string[];
}

/**
 * Serves `GET /healthz`, which is 200 while the process answers, and `GET /readyz`, which is 200 if it takes work and
 * 503 with the reasons if not. Start it before everything else, so that a probe sees why a start takes long.
 *
 * @throws UsageError BAD_OPTION if the address cannot be used
 */
export function serveHealth({ address, notReady }: HealthOptions): Promise<HttpServer> {
  return serveHttp({
    address,
    flag: "--health-listen",
    pages: {
      "/healthz": () => ({ status: 200, body: { status: "ok" } }),
      "/readyz": () => {
        const reasons = notReady();
        return reasons.length === 0
          ? { status: 200, body: { status: "ready" } }
          : { status: 503, body: { status: "not ready", reasons } };
      },
    },
  });
}
