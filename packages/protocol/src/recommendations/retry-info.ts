import { BinaryWriter } from "@bufbuild/protobuf/wire";

/**
 * A google.rpc.Status with a google.rpc.RetryInfo, as `grpc-status-details-bin` carries it: what gRPC libraries and
 * proxies read. Two messages of five fields are not worth generated code.
 */
export function retryInfo({
  code,
  message,
  milliseconds,
}: {
  readonly code: number;
  readonly message: string;
  readonly milliseconds: number;
}): Buffer {
  const whole = Math.ceil(milliseconds);
  const nanos = (whole % 1_000) * 1_000_000;
  // Duration: seconds = 1, nanos = 2. RetryInfo: retry_delay = 1.
  const delay = new BinaryWriter();
  delay
    .uint32(8)
    .int64(Math.floor(whole / 1_000))
    .uint32(16)
    .int32(nanos);
  const info = new BinaryWriter().uint32(10).bytes(delay.finish()).finish();
  // Any: type_url = 1, value = 2. Status: code = 1, message = 2, details = 3.
  const any = new BinaryWriter();
  any.uint32(10).string("type.googleapis.com/google.rpc.RetryInfo").uint32(18).bytes(info);
  const all = new BinaryWriter();
  all.uint32(8).int32(code).uint32(18).string(message).uint32(26).bytes(any.finish());
  return Buffer.from(all.finish());
}
