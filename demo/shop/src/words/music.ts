/** Format: `parse-department.ts`. */
export const MUSIC = `
# Music
budget: Strumwell, Tonely
standard: Larkwell, Cadenby, Reedmoor
premium: Belmarie, Stradwick

## Guitars
Acoustic guitars: {half-size|three-quarter|full-size} acoustic guitar, {spruce|cedar|mahogany} top > Acoustic strings, Guitar cases, Guitar tuners, Capos ~ Acoustic strings
Electric guitars: {solid-body|hollow-body|travel} electric guitar, {colour} > Guitar amplifiers, Electric strings, Guitar cables ~ Electric strings
Bass guitars: {four-string|five-string|six-string} bass guitar, {colour} > Bass strings, Guitar amplifiers, Guitar straps ~ Bass strings
Acoustic strings: acoustic guitar strings, {bronze|steel|nylon}, {light|medium|heavy} > Guitar picks, Capos
Electric strings: electric guitar strings, {nickel|steel|cobalt}, {light|medium|heavy} > Guitar picks, Guitar cables
Bass strings: {four-string|five-string|six-string} bass strings, {nickel|steel|nylon} > Guitar cables, Guitar straps
Guitar cases: {half-size|three-quarter|full-size} guitar case, {hard|soft}, {colour} > Guitar straps, Guitar stands
Guitar straps: {leather|cotton|nylon} guitar strap, {colour} > Guitar picks, Guitar stands
Guitar picks: {thin|medium|thick} guitar picks, pack of {6|12|24}, {colour} > Guitar tuners
Guitar tuners: {clip-on|pedal|table} guitar tuner, {black|white|red} > Capos, Guitar stands
Capos: {spring|screw|rolling} capo, {metal} > Guitar picks
Guitar stands: {folding|wall|triple} guitar stand, {wood} > Guitar tuners
Guitar amplifiers: {10-watt|20-watt|50-watt} guitar amplifier, {valve|digital|classic} > Guitar cables, Effect pedals
Guitar cables: {3 m|5 m|10 m} guitar cable, {straight|angled|coiled} > Effect pedals
Effect pedals: {delay|chorus|fuzz|reverb|wah} effect pedal, {compact|double} > Effect pedals, Pedal boards
Pedal boards: {4-pedal|6-pedal|8-pedal} pedal board, {with case|with power} > Effect pedals

## Keyboards and drums
Digital pianos: {61-key|76-key|88-key} digital piano, {black|white|oak} > Piano stools, Piano stands, Sustain pedals
Piano stools: {fixed|adjustable|double} piano stool, {black|white|oak} > Sustain pedals, Piano lamps
Piano stands: {61-key|76-key|88-key} piano stand, {black|white|oak} > Sustain pedals
Sustain pedals: {single|double|triple} sustain pedal, {steel|brass|black} > Piano headphones
Piano headphones: {open|closed} piano headphones, {2 m|3 m} cable, {black|white} > Piano lamps
Piano lamps: {clip-on|table|floor} piano lamp, {metal} > Piano scores
* Piano scores: {Nocturnes|Waltzes|Preludes|Ballads|Dances} for {Beginners|Evenings|Two Hands|Rainy Days}, piano score, book > Piano scores, Music stands
Drum kits: {four-piece|five-piece|electronic} drum kit, {colour} > Drumsticks, Cymbals, Drum stools
Drumsticks: {light|medium|heavy} drumsticks, {hickory|oak|maple}, {wood|nylon} tip > Drumsticks, Practice pads, Drumheads
Cymbals: {14-inch|16-inch|18-inch|20-inch} {crash|ride|hi-hat|splash} cymbal > Cymbals, Cymbal stands
Cymbal stands: {straight|boom} cymbal stand, {light|medium|heavy} {steel|black} > Cymbals
Drum stools: {round|saddle} drum stool, {colour} > Drumsticks
Practice pads: {8-inch|10-inch|12-inch} practice pad, {one-sided|two-sided} > Drumsticks
Drumheads: {10-inch|12-inch|14-inch|16-inch} drumhead, {clear|coated|mesh} > Drumheads, Drumsticks

## Strings and winds
Violins: {half-size|three-quarter|full-size} violin, {spruce|maple} > Violin bows, Rosin, Shoulder rests ~ Violin strings
Violin bows: {half-size|three-quarter|full-size} violin bow, {carbon|wood} > Rosin, Violin strings
Rosin: {light|dark|green} rosin, {small|large} {round|boxed} > Shoulder rests, Violin strings
Violin strings: {half-size|three-quarter|full-size} violin strings, {gut|steel|nylon} > Rosin
Shoulder rests: {half-size|three-quarter|full-size} shoulder rest, {maple|carbon|foam} > Music stands
Recorders: {soprano|alto|tenor} recorder, {pear wood|maple|plastic} > Recorder brushes, Recorder scores
Recorder brushes: {soprano|alto|tenor} recorder brush, {cotton|wool} > Recorder scores
* Recorder scores: {Village|Courtly|Winter|Sailors'|Garden} {Tunes|Dances|Carols|Airs}, recorder score, book > Recorder scores, Music stands
Clarinets: {student|studio|orchestra} clarinet, {ebony|plastic} > Clarinet reeds, Clarinet cloths ~ Clarinet reeds
Clarinet reeds: {soft|medium|hard} clarinet reeds, box of {3|5|10} > Clarinet reeds, Clarinet cloths
Clarinet cloths: {silk|cotton|microfibre} clarinet cloth, {blue|red|grey} > Music stands
Music stands: {folding|fixed|table} music stand, {black|white|oak} > Metronomes
Metronomes: {wind-up|digital|pocket} metronome, {wood} > Music stands

## Records
* Jazz records: The {Blue|Uptown|Velvet|Harlow|Downtown} {Quartet|Sessions|Trio|Nights}, jazz record, volume > Jazz records, Soul records
* Rock records: {Electric|Broken|Wild|Paper|Static} {Foxes|Highways|Satellites|Engines}, rock record, album > Rock records, Folk records
* Folk records: {Willow|River|Hearth|Moor|Harvest} {Songs|Ballads|Roads|Sisters}, folk record, album > Folk records, Rock records
* Soul records: {Golden|Midnight|Sweet|Sunday|Honey} {Groove|Revival|Voices|Avenue}, soul record, album > Soul records, Jazz records
`;
