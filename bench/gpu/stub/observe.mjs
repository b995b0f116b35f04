// Loaded before the library (--import): has onnxruntime report where it puts the nodes of a graph.
import { createRequire } from "node:module";

// The copy that the models use.
const { InferenceSession } = createRequire(import.meta.resolve("@nightbeam/model"))(
  "onnxruntime-node",
);
const VERBOSE = 0;
const create = InferenceSession.create;
InferenceSession.create = (graph, options) =>
  create.call(InferenceSession, graph, { ...options, logSeverityLevel: VERBOSE });
