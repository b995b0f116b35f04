import { readTls } from "@nightbeam/service";
import {
  freePort,
  opensslIsHere,
  type RedisServer,
  redisIsHere,
  startRedis,
  type TestAuthority,
  testAuthority,
} from "@nightbeam/testing/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRedis } from "../../src/redis/open-redis.js";

describe.skipIf(!redisIsHere() || !opensslIsHere)(
  "a Redis with TLS that asks for certificates",
  () => {
    let authority: TestAuthority;
    let stranger: TestAuthority;
    let server: RedisServer;
    let port: number;
    beforeAll(async () => {
      authority = testAuthority();
      stranger = testAuthority();
      const { cert, key } = authority.issue("redis");
      port = await freePort();
      server = await startRedis({
        args: [
          ...["--tls-port", String(port), "--tls-cert-file", cert, "--tls-key-file", key],
          ...["--tls-ca-cert-file", authority.ca],
        ],
      });
    });
    afterAll(async () => {
      await server.stop();
      for (const one of [authority, stranger]) one.remove();
    });

    const open = async (
      from: TestAuthority,
      { ca = authority.ca, url = `rediss://127.0.0.1:${port}`, readyTimeoutMs = 20_000 } = {},
    ) => {
      const { cert, key } = from.issue("node");
      const tls = await readTls({ tlsCa: ca, tlsCert: cert, tlsKey: key });
      return openRedis({ url, tls, role: "worker", readyTimeoutMs });
    };

    it("is reached with a certificate of its authority, by duplicates as well", async () => {
      const redis = await open(authority);
      const other = redis.duplicate();
      expect(await other.ping()).toBe("PONG");
      other.disconnect();
      redis.disconnect();
    });

    it("refuses others in words", async () => {
      const readyTimeoutMs = 2_000;
      const plain = `redis://127.0.0.1:${port}`;
      const encrypted = server.url.replace("redis:", "rediss:");
      const attempts = [
        [() => open(stranger, { readyTimeoutMs }), "signed by the authority that"],
        [() => open(authority, { ca: stranger.ca, readyTimeoutMs }), "not signed by --tls-ca"],
        [() => openRedis({ url: plain, role: "worker", readyTimeoutMs }), "write rediss://"],
        [() => open(authority, { url: encrypted, readyTimeoutMs }), "write redis://"],
      ] as const;
      const errors = await Promise.all(
        attempts.map(([opening]) => opening().catch((error: unknown) => error)),
      );
      for (const [place, [, message]] of attempts.entries()) {
        expect(errors[place]).toMatchObject({
          code: "REDIS_UNREACHABLE",
          message: expect.stringContaining(message),
        });
      }
    });
  },
);
