/** Format: `parse-department.ts`. */
export const PETS = `
# Pets
budget: Wagglesby, Pawfield
standard: Bramblepaw, Tailmoor, Finley & Fur
premium: Noble Hound, Purrington

## Dogs
Dog beds: {dog} bed, {round|square|raised}, {colour} > Dog blankets, Dog bowls
Dog blankets: {dog} blanket, {fleece|wool|cotton}, {colour} > Dog toys
Dog collars: {dog} collar, {leather|nylon|cotton}, {colour} > Dog leads, Dog tags
Dog leads: {dog} lead, {leather|nylon|cotton}, {colour} > Dog harnesses, Dog tags
Dog harnesses: {dog} harness, {padded|light|reflective}, {colour} > Dog leads, Dog coats
Dog coats: {dog} coat, {rain|winter|fleece}, {colour} > Dog blankets
Dog tags: {bone|round|star} dog tag, {metal}, {small|large} > Dog bowls, Dog toys
Dog bowls: {dog} bowl, {steel|stoneware|slow-feeding}, {colour} > Dog food, Dog treats ~ Dog food
Dog food: {dog} food, {chicken|beef|salmon|lamb}, {2 kg|5 kg|10 kg} > Dog food, Dog treats
Dog treats: {dog} treats, {chicken|beef|salmon|lamb}, {chewy|crunchy} > Dog treats, Dog toys
Dog toys: {dog} toy, {rope|ball|plush|squeaky}, {red|blue|green|yellow} > Dog toys, Dog treats
Dog brushes: {short-hair|long-hair|wire-hair} dog brush, {slicker|comb|glove} {small|large} > Dog shampoos
Dog shampoos: {short-hair|long-hair|wire-hair} dog shampoo, {250 ml|500 ml|1 litre} > Dog brushes, Dog blankets

## Cats
Cat trees: {low|medium|tall} cat tree, {sisal|plush}, {grey|white|black} > Cat scratchers, Cat beds, Cat toys
Cat beds: {round|cave|hammock} cat bed, {colour} > Cat blankets, Cat toys
Cat blankets: {fleece|wool|cotton} cat blanket, {small|large}, {colour} > Cat beds
Cat scratchers: {board|post|barrel} cat scratcher, {sisal|card|carpet} {small|large} > Catnip, Cat toys
Catnip: {dried|spray|pellet} catnip, {small|medium|large} {tin|bag} > Cat toys
Cat toys: cat {feather|mouse|ball|tunnel|fishing rod} toy, {red|blue|green|yellow} > Cat toys, Cat treats
Cat bowls: {steel|stoneware|raised} cat bowl, {single|double}, {colour} > Cat food, Water fountains ~ Cat food
Cat food: {kitten|adult|senior} cat food, {chicken|tuna|salmon|rabbit}, {1 kg|2 kg|5 kg} > Cat food, Cat treats
Cat treats: {kitten|adult|senior} cat treats, {chicken|tuna|salmon|rabbit}, {chewy|crunchy} > Cat food
Water fountains: {1-litre|2-litre|3-litre} pet water fountain, {steel|stoneware|plastic} > Fountain filters ~ Fountain filters
Fountain filters: {1-litre|2-litre|3-litre} pet fountain filters, {carbon|foam}, pack of {4|6|8} > Cat bowls
Litter trays: {open|covered|corner} litter tray, {grey|white|blue|green} > Cat litter, Litter scoops ~ Cat litter
Cat litter: {clay|wood|silica} cat litter, {5-litre|10-litre|20-litre} {scented|unscented} > Cat litter, Litter scoops
Litter scoops: {steel|plastic|bamboo} litter scoop, {short|long} {with stand|plain} > Litter mats
Litter mats: {small|medium|large} litter mat, {grey|black|blue} > Litter trays

## Fish
Aquariums: {litres} aquarium, {cube|long|bow-front} > Aquarium filters, Aquarium lights, Aquarium gravel
Aquarium filters: {litres} aquarium filter, {inside|outside|sponge} > Filter sponges, Aquarium heaters ~ Filter sponges
Filter sponges: {litres} filter sponge, {coarse|fine|carbon}, {single|twin pack} > Water conditioners
Aquarium heaters: {litres} aquarium heater, {glass|plastic|titanium} > Aquarium thermometers, Aquarium lights
Aquarium lights: {litres} aquarium light, {warm|neutral|cool} > Aquarium plants, Aquarium gravel
Aquarium gravel: {white|black|river|sand} aquarium gravel, {fine|medium|coarse}, {2 kg|5 kg} > Aquarium plants, Aquarium ornaments
Aquarium plants: {fern|moss|lily|grass} aquarium plant, {real|silk}, {short|tall} > Aquarium plants, Aquarium ornaments
Aquarium ornaments: aquarium {castle|shipwreck|cave|bridge|arch}, {small|medium|large} > Fish food
Aquarium thermometers: {glass|digital|stick-on} aquarium thermometer, {small|large} {black|white} > Water conditioners
Water conditioners: {tap|pond|reef} water conditioner, {100 ml|250 ml|500 ml} > Fish food
Fish food: {flake|pellet|frozen} fish food, {tropical|goldfish|catfish}, {small|large} > Fish food, Water conditioners

## Small animals
Rabbit hutches: {one-floor|two-floor} rabbit hutch, {small|medium|large}, {pine|oak} > Hay, Rabbit runs, Rabbit food ~ Hay
Rabbit runs: {folding|fixed|covered} rabbit run, {small|medium|large} > Rabbit tunnels
Rabbit tunnels: {wicker|plush|card} rabbit tunnel, {short|long}, {straight|forked} > Rabbit food
Rabbit food: {young|adult|senior} rabbit food, {herb|carrot|meadow}, {1 kg|2 kg} > Hay, Rabbit food
Hay: {meadow|herb|timothy} hay, {1 kg|2 kg|5 kg} > Hay, Rabbit food
Hamster cages: {one-floor|two-floor|three-floor} hamster cage, {red|blue|green} > Hamster wheels, Hamster bedding ~ Hamster bedding
Hamster wheels: {16 cm|20 cm|24 cm} hamster wheel, {beech|cork|plastic} > Hamster houses
Hamster houses: {beech|cork|coconut} hamster house, {one-room|two-room} > Hamster bedding
Hamster bedding: {paper|hemp|wood} hamster bedding, {10-litre|20-litre|40-litre} > Hamster houses
`;
