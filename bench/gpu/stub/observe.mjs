// Loaded before the library (--import): has onnxruntime report where it puts the nodes of a graph, and
// marks its runs in the stub's log.
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";

// The copy that the models use.
const { InferenceSession } = createRequire(import.meta.resolve("@nightbeam/model"))(
  "onnxruntime-node",
);
const VERBOSE = 0;
const mark = (line) => appendFileSync(process.env.STUB_LOG ?? "/dev/null", `${line}\n`);
const create = InferenceSession.create;

InferenceSession.create = async (graph, options) => {
  const session = await create.call(InferenceSession, graph, {
    ...options,
    logSeverityLevel: VERBOSE,
  });
  const run = session.run.bind(session);
  session.run = async (...given) => {
    mark("begin");
    const outputs = await run(...given);
    mark("end");
    return outputs;
  };
  return session;
};
