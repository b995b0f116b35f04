/** Format: `parse-department.ts`. */
export const GARDEN = `
# Garden
budget: Budwell, Greenrow
standard: Thistledown, Orchardy, Clayfield
premium: Hallgarth, Verdelle

## Planting
Vegetable seeds: {tomato|carrot|bean|pumpkin|lettuce|beetroot|pea|radish} seeds, {small|large} packet > Vegetable seeds, Seed trays, Seed compost
Flower seeds: {sunflower|poppy|cornflower|marigold|cosmos|lupin|foxglove} seeds, {small|large} packet > Flower seeds, Seed trays, Plant pots
Herb seeds: {basil|thyme|sage|parsley|mint|chive} seeds, {small|large} packet > Herb seeds, Plant pots, Seed trays
Seed trays: {6-cell|12-cell|24-cell} seed tray, {with lid|open}, {green|black} > Seed compost, Plant labels
Seed compost: {10-litre|20-litre|40-litre} seed compost, {peat-free|coir|bark} > Plant labels, Watering cans
Plant labels: {slate|bamboo|copper} plant labels, pack of {6|10|20} > Trowels, Plant pots
Plant pots: {small|medium|large} plant pot, {clay|zinc|glazed}, {colour} > Potting soil, Plant food
Potting soil: {10-litre|20-litre|40-litre} potting soil, {flower|herb|vegetable} mix > Plant food, Watering cans
Plant food: {flower|herb|vegetable} plant food, {250 ml|500 ml|1 litre} > Plant food, Watering cans
Flower bulbs: {tulip|daffodil|crocus|allium|lily} bulbs, {red|white|yellow|purple}, bag of {6|10|20} > Flower bulbs, Bulb planters
Bulb planters: {short|long} bulb planter, {steel|copper} {with ash handle|with foam grip|folding} > Flower bulbs, Plant food
Greenhouses: {lean-to|walk-in|mini} greenhouse, {small|medium|large}, {green|black} > Seed trays, Greenhouse shelves
Greenhouse shelves: {two-tier|three-tier|four-tier} greenhouse shelf, {steel|pine|ash}, {narrow|wide} > Seed trays, Plant pots

## Garden tools
Spades: {digging|border|trench} spade, {ash|steel|foam} handle, {short|long} > Garden forks, Gardening gloves
Garden forks: {digging|border|compost} garden fork, {ash|steel|foam} handle, {short|long} > Rakes, Wheelbarrows
Rakes: {leaf|soil|lawn} rake, {ash|steel|foam} handle, {narrow|wide} > Wheelbarrows, Gardening gloves
Trowels: {narrow|wide|transplanting} trowel, {ash|steel|foam} handle, {short|long} > Gardening gloves, Hand forks
Hand forks: {three-prong|four-prong} hand fork, {ash|steel|foam} handle, {short|long} > Trowels, Kneeling pads
Kneeling pads: {thin|thick|folding} kneeling pad, {colour} > Gardening gloves
Gardening gloves: {thin|thorn-proof|waterproof} gardening gloves, {colour} > Secateurs, Kneeling pads
Secateurs: {bypass|anvil|ratchet} secateurs, {short|long}, {colour} > Garden twine, Loppers
Loppers: {bypass|anvil|ratchet} loppers, {short|long|telescopic}, {ash|steel|foam} handle > Secateurs, Pruning saws
Pruning saws: {folding|curved|pole} pruning saw, {short|long}, {ash|steel|foam} handle > Loppers
Garden twine: {jute|hemp|wire} garden twine, {20 m|30 m|100 m} {reel|tin} > Plant labels
Watering cans: {2-litre|5-litre|10-litre} watering can, {zinc|copper|plastic}, {colour} > Garden hoses
Garden hoses: {metre} garden hose, {green|black|yellow} > Hose connectors, Hose reels, Sprinklers
Hose connectors: {brass|plastic} hose connector, {straight|Y-shaped|tap}, {single|set of 2|set of 4} > Hose reels, Sprinklers
Hose reels: {metre} hose reel, {wall|cart|self-winding} > Sprinklers
Sprinklers: {oscillating|rotating|drip} sprinkler, {small|medium|large} {spike|base} > Hose connectors
Wheelbarrows: {60-litre|80-litre|100-litre} wheelbarrow, {one-wheel|two-wheel}, {green|black} > Spades

## Patio
Garden tables: {round|square|folding} garden table, {2-seat|4-seat|6-seat}, {teak|oak|steel} > Garden chairs, Parasols
Garden chairs: {stacking|folding|reclining} garden chair, {teak|oak|steel}, {colour} > Seat pads, Garden tables
Seat pads: {round|square} outdoor seat pad, {colour}, {single|set of 2|set of 4} > Parasols, Garden lights
Parasols: {2 m|3 m|4 m} parasol, {colour} > Parasol bases, Garden lights
Parasol bases: {stone|steel|water-filled} parasol base, {25 kg|40 kg|60 kg}, {grey|black} > Parasols
Garden lights: {solar|battery|plug-in} garden lights, {string|stake|lantern}, {5 m|10 m|20 m} > Fire bowls, Seat pads
Barbecues: {charcoal|gas|kettle|pellet} barbecue, {small|medium|large}, {colour} > Barbecue tongs, Charcoal, Barbecue covers ~ Charcoal
Barbecue tongs: {steel|oak|silicone} barbecue tongs, {short|long} {plain|locking} > Barbecue brushes, Charcoal
Barbecue brushes: {steel|brass|bristle-free} barbecue brush, {short|long} {ash|oak} handle > Barbecue covers
Barbecue covers: {small|medium|large} barbecue cover, {light|heavy-duty}, {green|black} > Charcoal
Charcoal: {lump|briquette|coconut} charcoal, {3 kg|5 kg|10 kg} > Charcoal, Firelighters
Fire bowls: {60 cm|80 cm|100 cm} fire bowl, {steel|iron}, {low|tall} > Firelighters, Garden lights

## Garden wildlife
Bird feeders: {seed|nut|suet} bird feeder, {small|medium|large}, {green|black|red} > Bird food, Bird baths ~ Bird food
Bird food: {seed|nut|suet} bird food, {1 kg|2.5 kg|5 kg} {mix|refill} > Bird food, Bird feeders
Bird baths: {hanging|standing|ground} bird bath, {clay|copper|stone} > Nest boxes
Nest boxes: {robin|tit|sparrow|owl} nest box, {pine|oak|cedar} > Bird feeders, Bee hotels
Bee hotels: {small|medium|large} bee hotel, {pine|oak|bamboo} > Flower seeds, Hedgehog houses
Hedgehog houses: {small|medium|large} hedgehog house, {pine|oak|wicker} > Nest boxes
`;
