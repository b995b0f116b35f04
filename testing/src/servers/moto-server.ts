import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "./free-port.js";
import { testPython } from "./python.js";

export interface MotoServer {
  /** Variables that make an S3 client use it: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, … */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const START_MS = 90_000;

/**
 * Starts moto, a server with the S3 API, with an empty bucket. `startS3` is a smaller one, which can be made to fail.
 *
 * @returns undefined if Python cannot be had, see `testPython`
 */
export async function startMoto(bucket: string): Promise<MotoServer | undefined> {
  const python = await testPython();
  if (python === undefined) return undefined;
  const port = await freePort();
  const args = ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)];
  const server = spawn(python, args, { stdio: "ignore" });
  const kill = () => server.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise((resolve) => server.once("exit", resolve)).then(() =>
    process.off("exit", kill),
  );
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1", credentials });
  for (const deadline = Date.now() + START_MS; ; await sleep(100)) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      break;
    } catch (error) {
      if (server.exitCode === null && Date.now() < deadline) continue;
      kill();
      throw error;
    }
  }
  client.destroy();
  return {
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    stop: async () => {
      kill();
      await ended;
    },
  };
}
