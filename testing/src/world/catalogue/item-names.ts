const KINDS = words(
  `lamp kettle blanket mug notebook basket candle mirror cushion vase clock tray stool rug teapot
   frame bowl scarf apron lantern coaster planter jar satchel umbrella whistle compass brush comb
   bell spoon ladle`,
);
const MATERIALS = words(
  `walnut linen copper wool glass birch clay cotton brass cork bamboo slate felt marble willow
   steel oak silk jute porcelain leather enamel rattan pine velvet stone tin hemp maple paper
   canvas bronze cedar denim amber ash pewter flannel beech granite straw tweed silver cherry
   suede ceramic onyx ramie alder satin terrazzo iron teak mohair pearl elm concrete raffia
   hazel corduroy crystal sisal larch jade`,
);
const STYLES = words(
  `striped plain tall round folded speckled woven carved tiny wide quiet bright faded polished
   quilted braided hammered ribbed tinted glazed printed pleated nested hollow curved dotted frosted
   brushed painted knotted waxed etched slim checked smoked twisted arched mossy stacked rustic
   oval fluted dusky sunny square stitched marbled layered crimped pale tufted gilded low bevelled
   hinged scalloped mottled fringed sturdy rosy domed spiral tapered misty`,
);

/**
 * A readable name from the code path: kind from the first code, material from the second, style
 * from the third. Items with similar codes have similar names.
 */
export function itemName(path: readonly number[]): string {
  const [kind = 0, material = 0, style, ...rest] = path;
  const look = [style === undefined ? "" : pick(STYLES, style), pick(MATERIALS, material)];
  const name = [...look, pick(KINDS, kind)].filter((word) => word !== "").join(" ");
  const number = rest.length > 0 ? ` no. ${rest.map((code) => code + 1).join("-")}` : "";
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}${number}`;
}

/** Codes beyond the list start over, with a letter: "oak", "oak B". */
function pick(list: readonly string[], code: number): string {
  const word = list[code % list.length] ?? "";
  const round = Math.floor(code / list.length);
  return round === 0 ? word : `${word} ${String.fromCharCode("A".charCodeAt(0) + round)}`;
}

function words(text: string): string[] {
  return text.split(/\s+/);
}
