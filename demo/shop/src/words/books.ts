/** Format: `parse-department.ts`. The brands of books are their authors. */
export const BOOKS = `
# Books
standard: Mira Holloway, Tobias Renn, Ada Fairweather, Jonas Quill, Ines Calder, Rufus Thorne, Lena Marsh, Otto Winterley

## Fiction
* Crime novels: The {Glass|Harbour|Winter|Copper|Silent|Midnight} {Witness|Ledger|Alibi|Confession|Stranger}, crime novel, volume > Crime novels, Spy novels
* Spy novels: The {Lisbon|Vienna|Baltic|Prague|Tangier|Cairo} {Cipher|Courier|Protocol|Defector|Exchange}, spy novel, volume > Spy novels, Crime novels
* Historical novels: The {Weaver's|Captain's|Glassmaker's|Miller's|Duchess's|Mapmaker's} {Daughter|Oath|Secret|Apprentice|Winter}, historical novel, volume > Historical novels, Romance novels
* Romance novels: {Summer|Letters|Dancing|Sundays|Springtime|Autumn} in {Provence|Cornwall|Seville|Tuscany|Galway}, romance novel, volume > Romance novels, Historical novels

## Fantastic
* Fantasy novels: The {Lantern|Raven|Thorn|Moon|Amber|Salt} {Keepers|Throne|Prophecy|Gate|Crown}, fantasy novel, volume > Fantasy novels, Fantasy maps, Science fiction novels
* Science fiction novels: {Orbital|Quantum|Martian|Deep-Space|Lunar|Stellar} {Exodus|Colony|Signal|Paradox|Drift}, science fiction novel, volume > Science fiction novels, Fantasy novels
* Ghost stories: The {Attic|Cellar|Orchard|Lighthouse|Chapel|Marsh} {Whisperer|Visitor|Shadow|Choir|Child}, ghost story, volume > Ghost stories, Crime novels
Fantasy maps: illustrated map of the {northern|southern|eastern|western} {isles|mountains|forests|deserts}, {folded|framed|cloth} > Fantasy maps, Fantasy novels

## Comics
* Hero comics: {Captain|Doctor|Lady|Professor|Agent|Sister} {Marmalade|Gale|Thistle|Lightfoot|Granite}, hero comic, issue > Hero comics, Comic sleeves
* Manga: {Sakura|Thunder|Paper|Clockwork|Ocean|Tiger} {Academy|Samurai|Garden|Detectives|Orchestra}, manga, volume > Manga, Comic sleeves
* Comic strips: {Grumpy|Lucky|Sleepy|Clever|Tiny|Brave} {Badger|Hamster|Penguin|Goose|Robot}, comic strip, book > Comic strips, Hero comics
Comic sleeves: {clear|matt|acid-free} comic sleeves, {small|medium|large}, pack of {20|50|100} > Hero comics, Manga

## Children's books
* Picture books: {Little|Sleepy|Curious|Hungry|Brave|Muddy} {Bear|Owl|Whale|Mouse|Dragon}, picture book, number > Picture books, Bedtime stories
* Bedtime stories: {Moonlit|Cosy|Starry|Snowy|Whispering|Golden} {Meadow|Burrow|Harbour|Forest|Village} tales, bedtime story, number > Bedtime stories, Picture books
* School stories: {Oakwood|Riverbend|Hilltop|Seacliff|Maplewood|Stonebridge} {Detectives|Inventors|Explorers|Wizards|Champions}, school story, volume > School stories, Comic strips

## Know-how
* Cookery books: {Simple|Rustic|Seasonal|Festive|Green|Weekend} {Suppers|Bakes|Soups|Feasts|Breads}, cookery book, volume > Cookery books, Gardening books
* Gardening books: The {Kitchen|Cottage|Balcony|Orchard|Wild|Walled} Garden {Year|Almanac|Handbook|Planner|Companion}, gardening book, volume > Gardening books, Cookery books
* Travel guides: {Coasts|Villages|Trails|Markets|Islands|Castles} of the {North|South|East|West|Far North}, travel guide, volume > Travel guides, Maps
* Language courses: {Everyday|Travel|Business|Beginner's|Conversational|Musical} {Spanish|Italian|French|Japanese|Norwegian}, language course, level > Language courses, Travel guides
* Craft books: {Easy|Classic|Modern|Nordic|Colourful|Tiny} {Knitting|Sewing|Watercolour|Origami|Crochet} Projects, craft book, volume > Craft books
`;
