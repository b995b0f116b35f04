export { makeShop } from "./catalogue/make-shop.js";
export type { Category, Item, Kind, Shop } from "./catalogue/model.js";
export { writeShop } from "./files/write-shop.js";
export { type Baselines, measureBaselines } from "./measure/recall.js";
export { shopUsers } from "./users/shop-user.js";
