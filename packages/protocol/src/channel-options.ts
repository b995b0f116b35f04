import type { ChannelOptions } from "@grpc/grpc-js";

/** Bytes in flight per stream: HTTP/2's default of 64 KiB stalls messages of several megabytes. */
const FLOW_CONTROL_WINDOW = 8 * 2 ** 20;

/** Options of both ends: the maximum size of messages, and how soon a silent peer is noticed. */
export function channelOptions(options: {
  readonly messageBytes: number;
  /** Time of silence after which the peer is pinged. */
  readonly keepaliveMs: number;
  /** How long the peer may take to answer. */
  readonly keepaliveTimeoutMs: number;
}): ChannelOptions {
  return {
    "grpc.max_receive_message_length": options.messageBytes,
    "grpc.max_send_message_length": options.messageBytes,
    "grpc.keepalive_time_ms": options.keepaliveMs,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW,
  };
}

/** Certificates, in PEM. */
export interface TlsFiles {
  /** Authorities that sign the peer's certificate. Default: those of the system. */
  readonly ca?: Uint8Array;
  /** This end's certificate and key. A server needs both; a client only if the server requires them. */
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

/** PEM as grpc-js takes it; null if there is none. */
export function pem(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}
