/** What settings of a run mean, without the models: for whoever only reads and checks them. */
export { RecommendError } from "../errors.js";
export {
  canBeDrawnFrom,
  checkRelaxed,
  dependsOnDraft,
  type GivenVerification,
  plannedVerification,
  usualBeamWidth,
  verificationOf,
} from "./verification.js";
