/** Choices that many kinds of items share: `{colour}` in a pattern stands for all of them. */
export const PALETTES: Readonly<Record<string, string>> = {
  colour: "black|white|grey|blue|green|red|yellow|purple",
  wood: "oak|walnut|ash|beech|pine",
  metal: "steel|brass|copper|black",
  cloth: "linen|cotton|wool|velvet",
  bed: "single|double|king-size",
  wheel: "26-inch|27-inch|28-inch|29-inch",
  yarn: "lace-weight|sock-weight|double-knit|chunky",
  dog: "small-dog|medium-dog|large-dog",
  litres: "20-litre|40-litre|60-litre|80-litre",
  person: "1-person|2-person|3-person|4-person",
  gauge: "narrow-gauge|standard-gauge|wide-gauge",
  age: "toddler|junior|family",
  roast: "light roast|medium roast|dark roast",
  metre: "5 m|10 m|20 m|30 m",
};
