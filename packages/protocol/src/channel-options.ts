import type { ChannelOptions } from "@grpc/grpc-js";

/** Bytes that may be under way to a reader who has not read: HTTP/2's 64 KiB stalls messages of megabytes. */
const FLOW_CONTROL_WINDOW = 8 * 2 ** 20;

/** What both ends set: how large messages may be, and how soon a silent peer is noticed. */
export function channelOptions(options: {
  readonly messageBytes: number;
  /** Silence after which the peer is asked whether it lives. */
  readonly keepaliveMs: number;
  /** How long it may take to say so. */
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
  /** Authorities that sign the other end's certificate; the system's where absent. */
  readonly ca?: Uint8Array;
  /** This end's certificate and key. A server needs both; a client where the server asks for them. */
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

/** As grpc-js wants it; null where there is none. */
export function pem(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}
