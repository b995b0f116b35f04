import { fileURLToPath } from "node:url";
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { connect, type NatsConnection } from "nats";

/** How a verifier lies: in ways that no model can. */
export const LIES = [
  "NaN",
  "infinity",
  "log-probabilities above 0",
  "zeros",
  "too few numbers",
  "no response",
  "that the call is invalid",
  "that it failed",
] as const;
export type Lie = (typeof LIES)[number];

export interface Liar {
  /** Calls that were answered with a lie. */
  readonly lies: number;
  stop(): Promise<void>;
}

const PROTO = fileURLToPath(
  new URL("../../../packages/protocol/proto/nightbeam/verifier/v1/verifier.proto", import.meta.url),
);
const asBytes = (bytes: Buffer) => bytes;
const HEARTBEAT_MS = 500;

/**
 * A verifier that is announced like any other and shows the models of an honest one, to which it passes calls.
 * Every answer of the model becomes a lie.
 */
export async function startLiar(options: {
  readonly lie: Lie;
  readonly natsUrl: string;
  /** The name of an honest verifier. */
  readonly like: string;
}): Promise<Liar> {
  const { lie, natsUrl, like } = options;
  const nats = await connect({ servers: natsUrl });
  const honest = await heartbeatOf(nats, like);
  const client = new Client(String(honest.address), credentials.createInsecure());
  let lies = 0;
  const server = new Server();
  server.addService(
    methods(),
    Object.fromEntries(
      ["Verify", "Search", "Describe"].map((name) => [
        name,
        (
          call: { request: Buffer },
          answer: (error: Partial<ServiceError> | null, bytes?: Buffer) => void,
        ) => {
          const path = `/nightbeam.verifier.v1.Verifier/${name}`;
          const deadline = Date.now() + 20_000;
          client.makeUnaryRequest(
            path,
            asBytes,
            asBytes,
            call.request,
            new Metadata(),
            { deadline },
            (error: ServiceError | null, bytes?: Buffer) => {
              if (error !== null || bytes === undefined || name === "Describe") {
                return answer(error, bytes);
              }
              lies++;
              tell(lie, bytes, answer);
            },
          );
        },
      ]),
    ),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const announce = () => {
    const heartbeat = { ...honest, id: "liar", address: `127.0.0.1:${port}`, waitingTokens: 0 };
    if (!nats.isClosed()) nats.publish("nightbeam.nodes.verifier.liar", JSON.stringify(heartbeat));
  };
  announce();
  const timer = setInterval(announce, HEARTBEAT_MS);
  return {
    get lies() {
      return lies;
    },
    stop: async () => {
      clearInterval(timer);
      if (!nats.isClosed()) nats.publish("nightbeam.nodes.verifier.liar", '{"gone":true}');
      server.forceShutdown();
      client.close();
      await nats.close();
    },
  };
}

/** Methods by name, with messages as bytes. */
function methods() {
  const method = (name: string) => ({
    path: `/nightbeam.verifier.v1.Verifier/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: asBytes,
    requestDeserialize: asBytes,
    responseSerialize: asBytes,
    responseDeserialize: asBytes,
  });
  return { Verify: method("Verify"), Search: method("Search"), Describe: method("Describe") };
}

async function heartbeatOf(
  nats: NatsConnection,
  id: string,
): Promise<Readonly<Record<string, unknown>>> {
  const heard = nats.subscribe(`nightbeam.nodes.verifier.${id}`, { max: 1, timeout: 10_000 });
  for await (const message of heard) {
    const heartbeat: unknown = message.json();
    if (typeof heartbeat === "object" && heartbeat !== null) return { ...heartbeat };
  }
  throw new Error(`${id} is not announced`);
}

/** Turns an honest answer of tree scores into a lie. */
function tell(
  lie: Lie,
  bytes: Buffer,
  answer: (error: Partial<ServiceError> | null, bytes?: Buffer) => void,
): void {
  switch (lie) {
    case "no response":
      answer(null, Buffer.from([0xff, 0xff, 0xff, 0xff]));
      break;
    case "that the call is invalid":
      answer({ code: status.INVALID_ARGUMENT, details: "the tree is not valid" });
      break;
    case "that it failed":
      answer({ code: status.INTERNAL, details: "something went wrong" });
      break;
    default: {
      const change = (numbers: number[]) => falsified(lie, numbers);
      answer(null, withNumbers(bytes, change));
    }
  }
}

function falsified(
  lie: Exclude<Lie, "no response" | "that the call is invalid" | "that it failed">,
  numbers: number[],
): number[] {
  switch (lie) {
    case "NaN":
      return numbers.map(() => Number.NaN);
    case "infinity":
      return numbers.map(() => Number.POSITIVE_INFINITY);
    case "log-probabilities above 0":
      return numbers.map((number, at) => (at % 2 === 0 ? -number : number));
    case "zeros":
      return numbers.map(() => 0);
    case "too few numbers":
      return numbers.slice(1);
    default:
      return lie satisfies never;
  }
}

const definition = () => {
  const loaded = loadSync(PROTO, { keepCase: true, longs: String });
  const service = loaded["nightbeam.verifier.v1.Verifier"];
  if (service === undefined || !("Verify" in service)) throw new Error("no service Verifier");
  return service.Verify;
};

/** Changes the log-probabilities of a response. */
function withNumbers(bytes: Buffer, change: (numbers: number[]) => number[]): Buffer {
  const verify = definition();
  if (typeof verify !== "object" || !("responseDeserialize" in verify)) {
    throw new Error("no method Verify");
  }
  const response = verify.responseDeserialize(bytes);
  if (!("log_probs" in response) || !Buffer.isBuffer(response.log_probs)) return bytes;
  const isFloat64 = "format" in response && response.format === 2;
  const width = isFloat64 ? 8 : 4;
  const old = response.log_probs;
  const numbers = Array.from({ length: old.length / width }, (_, at) =>
    isFloat64 ? old.readDoubleLE(at * width) : old.readFloatLE(at * width),
  );
  const changed = change(numbers);
  const log_probs = Buffer.alloc(changed.length * width);
  changed.forEach((number, at) => {
    if (isFloat64) log_probs.writeDoubleLE(number, at * width);
    else log_probs.writeFloatLE(number, at * width);
  });
  return verify.responseSerialize({ ...response, log_probs });
}
