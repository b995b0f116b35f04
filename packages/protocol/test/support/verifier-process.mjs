// A verifier in a separate process, to be killed or frozen: it takes calls and never answers.
// Sends its port, then the number of calls after each new one.
import { buildCatalogue } from "@nightbeam/catalogue";
import { serveVerifier } from "@nightbeam/protocol";

const [levels, codes, target, catalogue] = process.argv.slice(2);
const paths = Array.from({ length: Number(codes) ** Number(levels) }, (_, n) =>
  Array.from({ length: Number(levels) }, (_, level) => Math.floor(n / codes ** level) % codes),
);
const { trie } = buildCatalogue(
  paths.map((path, i) => ({ id: `i${i}`, codes: path, where: `item ${i}` })),
);
let calls = 0;
const neverAnswer = () => {
  process.send({ calls: ++calls });
  return new Promise(() => undefined);
};
const handler = {
  verify: neverAnswer,
  search: neverAnswer,
  describe: () => ({
    precision: "none",
    version: "0",
    programs: [{ program: "tree-scores" }, { program: "beam-search" }],
    waitingTokens: 0,
    runningTokens: 0,
  }),
};
const { port } = await serveVerifier({
  handler,
  trie,
  target,
  catalogue,
  scoring: "full",
  host: "127.0.0.1",
  port: 0,
});
process.send({ port });
