export { type AssetName, readAsset } from "./assets.js";
