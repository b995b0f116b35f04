export { startDrafter, type TestDrafter, type TestDrafterOptions } from "./drafter.js";
export { type Api, apiOf, startPlace, type TestPlace, TOKEN } from "./place.js";
