export { loadLlamaReference, loadReference, type ReferenceModel } from "./load-reference.js";
export { type ReferenceTensors, readReferenceTensors } from "./tensors.js";
