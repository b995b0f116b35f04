export { loadReference, type ReferenceModel } from "./llama.js";
export { type ReferenceTensors, readReferenceTensors } from "./tensors.js";
