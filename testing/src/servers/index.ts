export {
  opensslIsHere,
  type TestAuthority,
  type TestCertificate,
  testAuthority,
} from "./certificates.js";
export { freePort } from "./free-port.js";
export { type MotoServer, startMoto } from "./moto-server.js";
export { describeWithNats, type NatsServer, natsIsHere, startNatsServer } from "./nats-server.js";
export { type PostgresServer, postgresIsHere, startPostgres } from "./postgres-server.js";
export { testPython } from "./python.js";
export { startRedisCluster } from "./redis-cluster.js";
export { type RedisServer, redisIsHere, startRedis } from "./redis-server.js";
