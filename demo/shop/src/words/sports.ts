/** Format: `parse-department.ts`. */
export const SPORTS = `
# Sports
budget: Stridewell, Gamely
standard: Kinetra, Fleetmark, Corvane
premium: Olymara, Vantage Ridge

## Running
Running shoes: {road|trail|racing} running shoes, {neutral|cushioned|stability}, {colour} > Running socks, Running shirts, Running watches
Running socks: {thin|cushioned|compression} running socks, {short|long}, {colour} > Running shirts, Running shorts
Running shirts: {short-sleeve|long-sleeve|sleeveless} running shirt, {colour} > Running shorts, Running jackets
Running shorts: {short|long|two-in-one} running shorts, {colour} > Running belts, Running socks
Running jackets: {light|reflective|winter} running jacket, {colour} > Running caps, Running lights
Running caps: {light|reflective|winter} running cap, {colour} > Running lights
Running lights: {clip-on|chest|arm} running light, {red|white|green} > Running belts
Running belts: {bottle|phone|race-number} running belt, {colour} > Energy gels
Energy gels: {citrus|berry|cola|coffee} energy gel, {pack of 6|pack of 12|pack of 24} > Energy gels, Running belts
Running watches: {GPS|basic|solar} running watch, {colour} > Heart-rate straps
Heart-rate straps: {chest|arm} heart-rate strap, {small|medium|large}, {black|grey} > Running watches

## Fitness
Yoga mats: {thin|thick|travel} yoga mat, {cork|rubber|cotton}, {colour} > Yoga blocks, Yoga straps, Mat bags
Yoga blocks: {cork|foam|bamboo} yoga block, {single|set of 2}, {colour} > Yoga straps, Bolsters
Yoga straps: {2 m|3 m} yoga strap, {cotton|hemp}, {colour} > Bolsters, Mat bags
Bolsters: {round|flat} yoga bolster, {linen|cotton}, {colour} > Yoga blocks
Mat bags: {thin|thick|travel} mat bag, {linen|cotton}, {colour} > Yoga mats
Dumbbells: pair of {2 kg|4 kg|6 kg|8 kg|10 kg|12 kg} dumbbells, {iron|rubber|vinyl} > Dumbbells, Weight benches, Dumbbell racks
Kettlebells: {4 kg|8 kg|12 kg|16 kg|20 kg} kettlebell, {iron|rubber|vinyl} > Kettlebells, Exercise mats
Weight benches: {flat|folding|adjustable} weight bench, {black|red|grey} > Dumbbells, Exercise mats
Dumbbell racks: {two-tier|three-tier} dumbbell rack, {black|red|grey} {steel|oak} > Exercise mats
Exercise mats: {thin|thick|puzzle} exercise mat, {colour} > Resistance bands, Foam rollers
Resistance bands: {light|medium|strong} resistance band, {loop|tube|flat}, {latex|fabric} > Resistance bands, Foam rollers
Foam rollers: {smooth|ribbed|spiky} foam roller, {short|long}, {colour} > Massage balls
Massage balls: {smooth|ribbed|spiky} massage ball, {single|set of 2|set of 3} {cork|rubber} > Foam rollers

## Swimming
Swimsuits: {training|racing|beach} swimsuit, {plain|striped|floral}, {colour} > Swimming goggles, Swim caps
Swimming goggles: {training|racing|junior} swimming goggles, {clear|tinted|mirrored}, {colour} > Swim caps, Kickboards
Swim caps: {silicone|latex|fabric} swim cap, {colour} > Ear plugs, Kickboards
Ear plugs: {silicone|wax|foam} swimming ear plugs, {small|large} {with case|with cord} > Swim towels
Kickboards: {training|racing|junior} kickboard, {colour} > Pull buoys, Swim fins
Pull buoys: {training|racing|junior} pull buoy, {red|blue|yellow} > Swim fins
Swim fins: {training|racing|junior} swim fins, {short|long}, {red|blue|yellow} > Swim bags
Swim bags: {mesh|waterproof} swim bag, {20-litre|40-litre}, {colour} > Swim towels
Swim towels: {small|medium|large} swim towel, {microfibre|cotton}, {colour} > Swim bags

## Racket sports
Tennis rackets: {beginner|club|tournament} tennis racket, {light|medium|heavy}, {colour} > Tennis balls, Racket grips, Racket bags ~ Tennis balls, Racket strings
Tennis balls: {beginner|club|tournament} tennis balls, {clay|grass|hard} court, tube of {3|4} > Racket grips, Tennis balls
Racket strings: {beginner|club|tournament} racket strings, {gut|nylon|polyester} {10 m|20 m} > Racket grips, Vibration dampers
Racket grips: {thin|cushioned|sweat-proof} racket grip, {single|pack of 3|pack of 10}, {colour} > Vibration dampers
Vibration dampers: {round|long} vibration damper, {colour} > Racket bags
Racket bags: {2-racket|6-racket|9-racket} racket bag, {colour} > Wristbands
Wristbands: {short|long} wristband, {pair|set of 4}, {colour} > Tennis balls
Table tennis bats: {beginner|club|tournament} table tennis bat, {light|medium|heavy} {spin|speed} > Table tennis balls, Bat covers, Table tennis nets
Table tennis balls: {beginner|club|tournament} table tennis balls, {white|orange}, pack of {6|12} > Table tennis nets, Table tennis balls
Table tennis nets: {clip-on|folding|retractable} table tennis net, {blue|green|black} > Bat covers
Bat covers: {single|double} bat cover, {hard|soft}, {colour} > Table tennis bats
`;
