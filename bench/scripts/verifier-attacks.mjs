// Memory and patience of a verifier under attack:
//
//   node bench/scripts/verifier-attacks.mjs 127.0.0.1:7070 PID
//
// PID is that of the verifier's process, whose resident memory is read from /proc. Each attack is one
// that a client can make without knowing the models. Prints the memory before, the highest during and
// after each attack, how many of its streams or connections were still open, and the time of a health
// check meanwhile.
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";

const [, , address = "127.0.0.1:7070", pid = ""] = process.argv;
const [host, port] = address.split(":");
const VERIFY = "/nightbeam.verifier.v1.Verifier/Verify";
const HEALTH = "/grpc.health.v1.Health/Check";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function residentMb() {
  const [, kib = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}

function session() {
  const opened = connectHttp2(`http://${address}`);
  opened.on("error", () => undefined);
  return opened;
}

/** Opens a call; `ended` becomes true when the server has ended it. */
function call(from, headers = {}) {
  const stream = from.request({
    ...{ ":method": "POST", ":path": VERIFY, te: "trailers" },
    ...{ "content-type": "application/grpc", "grpc-timeout": "60S", ...headers },
  });
  const opened = { stream, ended: false };
  stream.on("error", () => undefined);
  stream.on("close", () => {
    opened.ended = true;
  });
  stream.resume();
  return opened;
}

function frame(flag, length, content) {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, content]);
}

async function healthMs() {
  const from = session();
  const startedAt = performance.now();
  const stream = from.request({
    ...{ ":method": "POST", ":path": HEALTH, te: "trailers" },
    "content-type": "application/grpc",
  });
  const done = new Promise((resolve) => {
    stream.on("close", resolve);
    stream.on("error", resolve);
  });
  stream.resume();
  stream.end(Buffer.alloc(5));
  await Promise.race([done, sleep(20_000)]);
  from.destroy();
  return Math.round(performance.now() - startedAt);
}

const zeros = gzipSync(Buffer.alloc(62_000_000));
const ATTACKS = {
  "40 calls of gzip of 62 MB": () => {
    const from = session();
    const calls = Array.from({ length: 40 }, () => call(from, { "grpc-encoding": "gzip" }));
    for (const { stream } of calls) stream.end(frame(1, zeros.length, zeros));
    return { from: [from], open: () => calls.filter(({ ended }) => !ended).length };
  },
  "16 unfinished messages of 60 MB": () => {
    const from = session();
    const calls = Array.from({ length: 16 }, () => call(from));
    for (const { stream } of calls) stream.write(frame(0, 60_000_001, Buffer.alloc(60_000_000)));
    return { from: [from], open: () => calls.filter(({ ended }) => !ended).length };
  },
  "16 unfinished messages of 9 MB on 16 connections": () => {
    const from = Array.from({ length: 16 }, session);
    const calls = from.map((one) => call(one));
    for (const { stream } of calls) stream.write(frame(0, 9_000_001, Buffer.alloc(9_000_000)));
    return { from, open: () => calls.filter(({ ended }) => !ended).length };
  },
  "200 streams without a deadline": () => {
    const from = session();
    const calls = Array.from({ length: 200 }, () => call(from, { "grpc-timeout": undefined }));
    return { from: [from], open: () => calls.filter(({ ended }) => !ended).length };
  },
  "400 streams of 60 s that send nothing": () => {
    const from = [session(), session()];
    const calls = from.flatMap((one) => Array.from({ length: 200 }, () => call(one)));
    return { from, open: () => calls.filter(({ ended }) => !ended).length };
  },
  "900 silent connections": () => {
    let open = 0;
    const sockets = Array.from({ length: 900 }, () => {
      const socket = connect(Number(port), host, () => open++);
      socket.on("error", () => undefined);
      socket.on("close", () => open--);
      socket.resume();
      return socket;
    });
    return { from: sockets, open: () => open };
  },
  "900 idle HTTP/2 connections": () => {
    let open = 0;
    const from = Array.from({ length: 900 }, () => {
      const one = session();
      one.on("connect", () => open++);
      one.on("close", () => open--);
      return one;
    });
    return { from, open: () => open };
  },
};

for (let tries = 0; tries < 20; tries++) await healthMs();
const idle = residentMb();
console.log(`idle: ${idle} MB`);
for (const [name, begin] of Object.entries(ATTACKS)) {
  const { from, open } = begin();
  let highest = 0;
  let slowest = 0;
  const times = [];
  for (let second = 0; second < 13; second++) {
    slowest = Math.max(slowest, await healthMs());
    highest = Math.max(highest, residentMb());
    await sleep(1_000);
    times.push(open());
  }
  for (const one of from) one.destroy();
  await sleep(1_000);
  const share = (highest / idle).toFixed(2);
  console.log(
    `${name}: highest ${highest} MB (${share} of idle), after ${residentMb()} MB; ` +
      `open after 1, 3, 6, 12 s: ${[0, 2, 5, 11].map((at) => times[at]).join(", ")}; ` +
      `slowest health check ${slowest} ms`,
  );
}
