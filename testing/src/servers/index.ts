export {
  opensslIsHere,
  type TestAuthority,
  type TestCertificate,
  testAuthority,
} from "./certificates.js";
export { freePort } from "./free-port.js";
export { describeWithNats, type NatsServer, natsIsHere, startNatsServer } from "./nats-server.js";
export { type RedisServer, redisIsHere, startRedis } from "./redis-server.js";
