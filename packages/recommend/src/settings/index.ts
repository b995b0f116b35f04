/** What settings of a run mean, without the models: for whoever only reads and checks them. */
export { RecommendError } from "../errors.js";
export { plannedArguments } from "./planned-arguments.js";
export {
  canBeDrawnFrom,
  checkRelaxed,
  dependsOnDraft,
  type GivenVerification,
  usualBeamWidth,
  verificationOf,
} from "./verification.js";
