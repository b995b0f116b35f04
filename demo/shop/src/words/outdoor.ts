/** Format: `parse-department.ts`. */
export const OUTDOOR = `
# Outdoor
budget: Fernhill, Packmoor
standard: Northtarn, Wildbeck, Tarnside
premium: Skarnfell, Highcairn

## Camping
Tents: {person} tent, {colour} > Sleeping bags, Sleeping mats, Groundsheets, Tent pegs
Sleeping bags: {person} {summer|3-season|winter} sleeping bag, {colour} > Sleeping mats, Camping pillows, Camping stoves
Sleeping mats: {person} {foam|inflatable} sleeping mat, {colour} > Camping pillows, Camping stoves, Camping lanterns
Camping stoves: {single-burner|double-burner|pocket} camping stove, {gas|wood|spirit} > Stove fuel, Camping cookware, Camping lanterns ~ Stove fuel
Stove fuel: {gas|wood|spirit} stove fuel, {small|medium|large} {can|twin pack} > Camping cookware, Firelighters
Camping cookware: {person} {titanium|enamel|steel} camping cook set, {folding handle|with lid} > Camping lanterns, Camping chairs, Cool boxes
Camping lanterns: {solar|battery|rechargeable} camping lantern, {colour} > Camping chairs, Head torches
Camping chairs: {low|folding|rocking} camping chair, {colour} > Camping tables, Cool boxes
Camping tables: {folding|roll-up|adjustable} camping table, {2-seat|4-seat|6-seat}, {bamboo|steel} > Cool boxes, Camping chairs
Cool boxes: {litres} cool box, {colour} > Camping cookware
Camping pillows: {foam|inflatable} camping pillow, {colour} > Camping lanterns
Groundsheets: {person} groundsheet, {light|heavy-duty}, {colour} > Tent pegs, Sleeping bags
Tent pegs: {steel|titanium|plastic} tent pegs, {sand|snow|all-ground}, pack of {6|10|20} > Groundsheets, Camping lanterns
Firelighters: {wood wool|wax|flint} firelighter, {pocket|pack of 20|pack of 50} {box|tin} > Stove fuel

## Hiking
Hiking boots: {low|mid|high} hiking boots, {waterproof|leather|mesh}, {colour} > Hiking socks, Boot care, Trekking poles ~ Boot care
Hiking socks: {thin|cushioned|thermal} hiking socks, {colour} > Trekking poles, Backpacks
Boot care: boot {wax|spray|cleaner} for {waterproof|leather|mesh} boots, {75 ml|150 ml|300 ml} > Hiking socks
Backpacks: {litres} backpack, {colour} > Rain covers, Water bottles, Trekking poles
Rain covers: {litres} rain cover, {colour} > Water bottles, Rain jackets
Trekking poles: {folding|telescopic|fixed} trekking poles, {colour} > Head torches, Water bottles
Water bottles: {steel|insulated|filter} water bottle, {colour} > Head torches, Maps
Head torches: {200-lumen|400-lumen|800-lumen} head torch, {colour} > Maps, Rain jackets
Maps: {coast|moor|mountain|forest} walking map, sheet {1|2|3|4|5|6|7|8}, {folded|laminated} > Maps, Compasses
Compasses: {baseplate|mirror|wrist} compass, {colour} > Maps
Rain jackets: {light|padded|three-layer} rain jacket, {colour} > Hiking boots, Backpacks

## Cycling
Bicycles: {wheel} {city|touring|mountain|gravel} bicycle, {colour} > Bike helmets, Bike locks, Bike lights
Bike helmets: {city|touring|mountain|gravel} bike helmet, {colour} > Cycling gloves, Bike lights
Bike lights: {front|rear|front and rear} bike light, {200-lumen|400-lumen|800-lumen} > Bike locks, Bike pumps
Bike locks: {folding|chain|cable} bike lock, {colour} > Bike pumps, Panniers
Bike pumps: {floor|mini|electric} bike pump, {colour} > Inner tubes, Bike tyres
Inner tubes: {wheel} inner tube, {light|standard|puncture-proof} > Bike tyres, Tyre levers
Bike tyres: {wheel} {city|touring|mountain|gravel} bike tyre > Inner tubes, Tyre levers
Tyre levers: {steel|plastic} tyre levers, {set of 2|set of 3}, {colour} > Chain oil
Chain oil: {wet|dry|all-weather} chain oil, {75 ml|150 ml|300 ml} > Inner tubes
Panniers: {litres} pannier, {colour} > Water bottles, Bike lights
Cycling gloves: {short|full-finger|winter} cycling gloves, {colour} > Bike locks
`;
