/** Format: `parse-department.ts`. */
export const HOME = `
# Home
budget: Plainly, Hearthline
standard: Oakhollow, Lindenby, Softwick
premium: Maison Aurel, Elderhouse

## Bedroom
Bed frames: {bed} bed frame, {wood} > Mattresses, Bedside tables, Duvets
Mattresses: {bed} {soft|medium|firm} mattress, {foam|sprung|latex} > Mattress covers, Duvets, Pillows
Mattress covers: {bed} mattress cover, {quilted|waterproof|cotton} > Bed sheets, Pillows
Duvets: {bed} {summer|all-season|winter} duvet, {down|wool|fibre} > Duvet covers, Pillows
Duvet covers: {bed} duvet cover, {linen|cotton}, {colour} > Bed sheets, Pillowcases
Bed sheets: {bed} bed sheet, {linen|cotton}, {colour} > Pillowcases, Duvet covers
Pillowcases: pair of {linen|cotton} pillowcases, {colour} > Throws, Bedside lamps
Pillows: {soft|medium|firm} pillow, {down|wool|fibre|foam} filling > Pillowcases, Bed sheets
Bedside tables: {one-drawer|two-drawer|open} bedside table, {wood} > Bedside lamps, Bed frames
Bedside lamps: {clip-on|dimmable|touch} bedside lamp, {metal} > Light bulbs, Bedside tables ~ Light bulbs

## Living room
Sofas: {2-seat|3-seat|corner} sofa, {cloth}, {colour} > Cushions, Throws, Coffee tables
Armchairs: {wing|reclining|rocking} armchair, {cloth}, {colour} > Footstools, Floor lamps, Cushions
Footstools: {round|square|storage} footstool, {cloth}, {colour} > Throws, Cushions
Cushions: {plain|striped|patterned} cushion, {cloth}, {colour} > Cushions, Throws
Throws: {plain|striped|patterned} throw, {cloth}, {colour} > Rugs, Candles
Coffee tables: {round|square|nesting} coffee table, {wood} > Rugs, Bookcases
Bookcases: {3-shelf|4-shelf|5-shelf} bookcase, {wood} > Picture frames, Floor lamps
Rugs: {small|medium|large} {plain|striped|patterned} rug, {colour} > Floor lamps, Curtains
Curtains: pair of {short|long} curtains, {cloth}, {colour} > Curtain rails, Cushions
Curtain rails: {1.5 m|2 m|3 m} curtain rail, {metal} > Curtains
Floor lamps: {arched|tripod|reading} floor lamp, {metal} > Light bulbs, Picture frames ~ Light bulbs
Light bulbs: {warm|neutral|cool} {40-watt|60-watt|100-watt} light bulb, {pack of 2|pack of 4} > Light bulbs, Candles
Picture frames: {small|medium|large} picture frame, {wood} > Picture frames, Picture hooks
Picture hooks: {screw|nail|adhesive} picture hooks, pack of {6|10|20}, {metal} > Picture frames
Candles: {vanilla|cedar|lavender|fig|sea salt} scented candle, {small|medium|large} > Candles, Candle holders
Candle holders: {low|tall|wall} candle holder, {metal} > Candles

## Bathroom
Bath towels: {small|medium|large} bath towel, {cotton|linen|bamboo}, {colour} > Hand towels, Bath mats
Hand towels: hand towel, {cotton|linen|bamboo}, {colour}, {single|set of 2} > Bath mats, Bath towels
Bath mats: {round|long} bath mat, {cotton|bamboo}, {colour} > Shower curtains, Soap dispensers
Shower curtains: {plain|striped|patterned} shower curtain, {short|long}, {colour} > Shower rails, Bath mats
Shower rails: {straight|curved|corner} shower rail, {1.5 m|2 m|3 m}, {metal} > Shower curtains
Soap dispensers: {glass|ceramic|pump} soap dispenser, {colour} > Liquid soaps, Toothbrush holders ~ Liquid soaps
Liquid soaps: {vanilla|cedar|lavender|fig|sea salt} liquid soap, {250 ml|500 ml|1 litre} > Liquid soaps, Hand towels
Toothbrush holders: {glass|ceramic|wall} toothbrush holder, {colour} > Bathroom bins, Soap dispensers
Bathroom bins: {3-litre|5-litre|8-litre} bathroom bin, {colour} > Laundry baskets
Laundry baskets: {litres} laundry basket, {wicker|bamboo|cotton} > Bathroom bins
`;
