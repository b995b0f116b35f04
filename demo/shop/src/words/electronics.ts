/** Format: `parse-department.ts`. */
export const ELECTRONICS = `
# Electronics
budget: Zapwell, Voltano
standard: Lumora, Brightmere, Orbix
premium: Halcyon & Ray, Aurelion

## Gaming
Games consoles: {handheld|home|retro} games console, {256 GB|512 GB|1 TB}, {colour} > Game controllers, Adventure games, Racing games, Gaming headsets
Game controllers: {handheld|home|retro} console controller, {wired|wireless}, {colour} > Controller chargers, Gaming headsets, Racing games
Controller chargers: {single|double} controller charger, {handheld|home|retro} console, {colour} > Gaming headsets
Gaming headsets: {wired|wireless} gaming headset, {colour} > Headset stands, Adventure games
Headset stands: {wood} headset stand, {with light|with hub|plain} > Gaming chairs
Gaming chairs: {mesh|leather|cloth} gaming chair, {colour} > Headset stands
* Adventure games: {Emerald|Hollow|Sunken|Silver|Ember|Frozen} {Kingdom|Temple|Voyage|Legend|Isle}, adventure game, part > Adventure games, Strategy games
* Racing games: {Turbo|Desert|Midnight|Alpine|Neon|Canyon} {Rally|Circuit|Drift|Sprint|Derby}, racing game, part > Racing games, Game controllers
* Strategy games: {Iron|Bronze|Star|River|Crown|Stone} {Dominion|Settlers|Frontier|Legions|Harvest}, strategy game, part > Strategy games, Adventure games

## Photography
Cameras: {24-megapixel|32-megapixel|48-megapixel} {compact|mirrorless|travel} camera, {black|white} > Camera lenses, Memory cards, Camera bags
Camera lenses: {24 mm|35 mm|50 mm|85 mm|200 mm} camera lens, {compact|mirrorless|travel} mount > Lens filters, Lens caps, Tripods
Lens filters: {24 mm|35 mm|50 mm|85 mm|200 mm} {polarising|grey|ultraviolet} lens filter > Lens caps, Lens cloths
Lens caps: {24 mm|35 mm|50 mm|85 mm|200 mm} lens cap, {black|grey} {clip|screw} > Lens cloths
Lens cloths: {small|large} lens cloth, {blue|grey|green}, {single|pack of 2|pack of 4} > Memory cards
Memory cards: {64 GB|128 GB|256 GB|512 GB} memory card, {standard|fast|video} > Card readers, Camera batteries
Card readers: {wired|wireless|folding} card reader, {black|white|grey} > Memory cards
Camera batteries: {compact|mirrorless|travel} camera battery, {single|twin pack} {with charger|without charger} > Camera bags, Memory cards
Camera bags: {sling|shoulder|backpack} camera bag, {small|medium|large}, {colour} > Tripods, Camera straps
Camera straps: {neck|wrist|shoulder} camera strap, {leather|cotton}, {colour} > Camera bags
Tripods: {travel|studio|table} tripod, {aluminium|carbon|steel}, {short|tall} > Remote shutters, Camera lenses
Remote shutters: {wired|wireless} remote shutter, {compact|mirrorless|travel} camera {with timer|plain} > Tripods

## Computing
Laptops: {13-inch|14-inch|16-inch} laptop, {256 GB|512 GB|1 TB}, {black|white|grey|blue} > Laptop sleeves, Computer mice, Docking stations
Laptop sleeves: {13-inch|14-inch|16-inch} laptop sleeve, {wool|leather|cotton}, {colour} > Computer mice, Laptop stands
Laptop stands: {folding|fixed|adjustable} laptop stand, {oak|steel|aluminium} > Keyboards, Docking stations
Keyboards: {compact|full-size|split} keyboard, {wired|wireless}, {colour} > Computer mice, Wrist rests
Computer mice: {wired|wireless|vertical} computer mouse, {colour} > Mouse mats, Keyboards
Mouse mats: {small|medium|large} mouse mat, {felt|cork|leather}, {colour} > Wrist rests
Wrist rests: {compact|full-size|split} keyboard wrist rest, {oak|felt|gel}, {colour} > Mouse mats
Monitors: {24-inch|27-inch|32-inch} monitor, {flat|curved}, {black|white} > Monitor arms, Monitor cables, Keyboards
Monitor arms: {single|double} monitor arm, {desk|wall}, {black|white|grey} > Monitor cables, Webcams
Monitor cables: {1 m|2 m|3 m} monitor cable, {straight|angled|braided}, {black|white} > Docking stations
Docking stations: {6-port|8-port|12-port} docking station, {black|white|grey} > External drives, Monitor cables
External drives: {1 TB|2 TB|4 TB} external drive, {black|white|blue|red} > Drive cases
Drive cases: {hard|soft} drive case, {colour} > External drives
Webcams: {full-HD|wide-angle|4K} webcam, {black|white|grey} > Desk microphones, Desk lights
Desk microphones: {table|arm|clip-on} microphone, {black|white|red} > Desk lights, Webcams
Desk lights: {bar|ring|panel} desk light, {warm|neutral|cool} > Webcams

## Printing
Printers: {inkjet|photo|laser} printer, {black|white|grey} > Printer ink, Printer paper ~ Printer ink, Printer paper
Printer ink: {inkjet|photo|laser} printer ink, {black|cyan|magenta|yellow}, {single|twin pack} > Printer ink, Printer paper
Printer paper: {plain|photo|recycled} printer paper, {small|large}, {100|250|500} sheets > Printer ink, Laminators
Laminators: {small|large} laminator, {two-roller|four-roller}, {black|white|grey} > Laminating pouches ~ Laminating pouches
Laminating pouches: {small|large} laminating pouches, {gloss|matt}, pack of {20|40|80|100} > Laminating pouches

## Sound
Headphones: {over-ear|on-ear|in-ear} headphones, {wired|wireless}, {colour} > Headphone cases, Headphone pads
Headphone cases: {over-ear|on-ear|in-ear} headphone case, {hard|soft}, {colour} > Headphone pads, Portable speakers
Headphone pads: {over-ear|on-ear|in-ear} headphone pads, {velvet|leather|foam} {thin|thick} > Headphones
Portable speakers: {pocket|handle|party} portable speaker, {colour} > Speaker cases, Headphones
Speaker cases: {pocket|handle|party} speaker case, {hard|soft}, {colour} > Portable speakers
Turntables: {belt-drive|direct-drive} turntable, {wood} > Record needles, Bookshelf speakers, Record brushes ~ Record needles
Record needles: {round|elliptical|fine-line} record needle, {belt-drive|direct-drive} turntable {single|twin pack} > Record brushes
Record brushes: {velvet|carbon|silicone} record brush, {oak|walnut|steel} handle > Record boxes
Record boxes: {50-record|80-record|100-record} record box, {wood} > Record brushes
Bookshelf speakers: pair of {80-watt|100-watt|150-watt} bookshelf speakers, {wood} > Speaker cables, Amplifiers
Amplifiers: {80-watt|100-watt|150-watt} amplifier, {valve|digital|classic}, {black|silver} > Speaker cables, Bookshelf speakers
Speaker cables: {2 m|3 m|5 m|10 m} speaker cable, {braided|flat|clear} > Turntables
`;
