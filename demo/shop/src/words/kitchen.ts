/** Format: `parse-department.ts`. */
export const KITCHEN = `
# Kitchen
budget: Panfold, Larderly
standard: Copperby, Mossbeck, Tavolina
premium: Brasserie Nord, Kestrel & Rye

## Coffee and tea
Espresso machines: {manual|automatic|lever} espresso machine, {colour} > Coffee grinders, Coffee beans, Milk jugs ~ Coffee beans, Descalers
Filter coffee makers: {4-cup|8-cup|12-cup} filter coffee maker, {colour} > Coffee filters, Coffee beans, Coffee grinders ~ Coffee filters, Coffee beans
Coffee grinders: {hand|burr|blade} coffee grinder, {colour} > Coffee beans, Coffee scales
Coffee beans: {roast} coffee beans, {250 g|500 g|1 kg}, {house blend|mountain|single farm} > Coffee beans, Espresso cups
Coffee filters: {4-cup|8-cup|12-cup} coffee filters, {white|unbleached}, pack of {40|80|100} > Coffee beans
Coffee scales: {pocket|timer|flat} coffee scales, {colour} > Milk jugs, Espresso cups
Milk jugs: {300 ml|600 ml|1 litre} milk jug, {metal} > Espresso cups, Descalers
Espresso cups: set of {2|4|6} espresso cups, {glass|stoneware}, {colour} > Coffee beans, Milk jugs
Descalers: {liquid|powder|tablet} descaler, {250 ml|500 ml|1 litre} {bottle|refill} > Coffee filters
Teapots: {4-cup|8-cup|12-cup} teapot, {glass|stoneware|iron}, {colour} > Loose teas, Tea cups, Tea strainers ~ Loose teas
Loose teas: loose {black|green|mint|fruit} tea, {100 g|250 g|500 g}, {house blend|mountain|single farm} > Loose teas, Tea strainers
Tea strainers: {ball|basket|long-handled} tea strainer, {metal} > Tea cups, Loose teas
Tea cups: set of {2|4|6} tea cups, {glass|stoneware}, {colour} > Kettles, Loose teas
Kettles: {1-litre|1.5-litre|2-litre} kettle, {colour} > Teapots, Toasters
Toasters: {two-slice|four-slice|long-slot} toaster, {colour} > Kettles, Breadboards

## Cooking
Frying pans: {20 cm|24 cm|28 cm} frying pan, {steel|iron|non-stick|copper} > Saucepans, Pan lids, Spatulas
Saucepans: {16 cm|20 cm|24 cm} saucepan, {steel|non-stick|copper} > Pan lids, Casseroles
Pan lids: {16 cm|20 cm|24 cm|28 cm} pan lid, {glass|steel|copper} > Casseroles, Spatulas
Casseroles: {20 cm|24 cm|28 cm} casserole, {iron|stoneware}, {colour} > Oven gloves, Wooden spoons
Spatulas: {silicone|steel|olive wood} spatula, {slotted|flat|curved}, {short|long} > Wooden spoons, Frying pans
Wooden spoons: set of {2|3|4} wooden spoons, {olive wood|beech|oak} {short|long} > Spatulas, Chopping boards
Chef's knives: {16 cm|20 cm|24 cm} chef's knife, {oak|black|olive wood} handle > Paring knives, Knife sharpeners, Chopping boards
Paring knives: {straight|curved|serrated} paring knife, {oak|black|olive wood} handle > Knife sharpeners, Knife blocks
Knife blocks: {4-slot|6-slot|8-slot} knife block, {wood} > Knife sharpeners, Chef's knives
Knife sharpeners: {stone|roller|steel rod} knife sharpener, {coarse|fine|two-sided}, {wood} > Chopping boards
Chopping boards: {small|medium|large} chopping board, {wood} > Oven gloves, Salad bowls
Oven gloves: {single|pair of|double} oven gloves, {colour} > Aprons, Casseroles
Aprons: {short|long|cross-back} apron, {linen|cotton}, {colour} > Tea towels, Oven gloves
Tea towels: set of {2|3|4} tea towels, {linen|cotton}, {colour} > Aprons

## Baking
Stand mixers: {4-litre|5-litre|7-litre} stand mixer, {colour} > Mixing bowls, Kitchen scales, Cake tins
Mixing bowls: {2-litre|4-litre|5-litre} mixing bowl, {glass|steel|stoneware} {with lid|with spout} > Whisks, Kitchen scales
Whisks: {balloon|flat|spiral} whisk, {20 cm|24 cm|28 cm}, {steel|silicone} > Mixing bowls, Cake tins
Kitchen scales: {3 kg|5 kg|10 kg} kitchen scales, {colour} > Measuring spoons, Mixing bowls
Measuring spoons: set of {4|5|6} measuring spoons, {metal}, {round|narrow} > Cake tins, Whisks
Cake tins: {20 cm|24 cm|28 cm} {round|square|ring} cake tin, {steel|non-stick} > Baking paper, Cooling racks
Loaf tins: {small|medium|large} loaf tin, {steel|non-stick|iron} {with lid|open} > Bread flours, Proving baskets, Cooling racks
Proving baskets: {round|oval|long} proving basket, {small|medium|large}, {with liner|plain} > Bread flours, Dough scrapers
Bread flours: {wheat|rye|spelt} bread flour, {1 kg|2.5 kg|5 kg} {stone-ground|sifted} > Bread flours, Dough scrapers
Dough scrapers: {curved|straight} dough scraper, {steel|silicone|beech}, {short|long} > Breadboards, Proving baskets
Baking paper: baking paper, {5 m|10 m|20 m|30 m} {white|unbleached} {roll|sheets} > Cooling racks, Biscuit cutters
Biscuit cutters: {star|heart|animal|letter} biscuit cutters, set of {4|6|8}, {metal} > Biscuit cutters, Rolling pins
Rolling pins: {straight|tapered|adjustable} rolling pin, {30 cm|40 cm}, {wood} > Biscuit cutters, Baking paper
Cooling racks: {round|square|stacking} cooling rack, {metal} > Cake stands
Cake stands: {20 cm|24 cm|28 cm} cake stand, {glass|stoneware|oak} > Cooling racks, Tea cups
Breadboards: {small|medium|large} breadboard, {wood} {with rim|plain} > Loaf tins

## Table
Dinner plates: set of {2|4|6} dinner plates, {stoneware|porcelain}, {colour} > Soup bowls, Cutlery sets, Wine glasses
Soup bowls: set of {2|4|6} soup bowls, {stoneware|porcelain}, {colour} > Dinner plates, Mugs
Mugs: set of {2|4|6} mugs, {stoneware|porcelain}, {colour} > Mugs, Soup bowls
Cutlery sets: {16-piece|24-piece|48-piece} cutlery set, {metal}, {plain|hammered} > Wine glasses, Napkins
Wine glasses: set of {2|4|6} {red wine|white wine|sparkling wine} glasses, {tall|round} > Carafes, Wine glasses
Carafes: {500 ml|1 litre|1.5 litre} carafe, {glass|crystal}, {with lid|open} > Napkins, Salad bowls
Napkins: set of {2|4|6} napkins, {linen|cotton}, {colour} > Tablecloths, Dinner plates
Tablecloths: {round|square|long} tablecloth, {linen|cotton}, {colour} > Napkins, Candle holders
Salad bowls: {small|medium|large} salad bowl, {oak|glass|stoneware|olive wood} > Salad servers
Salad servers: pair of salad servers, {oak|steel|olive wood|brass}, {short|long}, {plain|hammered} > Salad bowls
`;
