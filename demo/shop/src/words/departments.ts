import { BOOKS } from "./books.js";
import { CRAFTS } from "./crafts.js";
import { ELECTRONICS } from "./electronics.js";
import { GARDEN } from "./garden.js";
import { HOME } from "./home.js";
import { KITCHEN } from "./kitchen.js";
import { MUSIC } from "./music.js";
import { OUTDOOR } from "./outdoor.js";
import { PETS } from "./pets.js";
import { SPORTS } from "./sports.js";
import { TOYS } from "./toys.js";

/** Everything that the shop sells, one text a department. */
export const DEPARTMENTS: readonly string[] = [
  OUTDOOR,
  HOME,
  KITCHEN,
  GARDEN,
  ELECTRONICS,
  BOOKS,
  TOYS,
  CRAFTS,
  PETS,
  SPORTS,
  MUSIC,
];
