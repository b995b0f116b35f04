/** Format: `parse-department.ts`. */
export const TOYS = `
# Toys
budget: Jollybox, Tumbleton
standard: Brickaroo, Pepperwick, Kitewood
premium: Holzmeister, Atelier Lune

## Building
* Castle building sets: {Dragon|Lion|Raven|Griffin|Bear} {Castle|Tower|Gate|Bridge}, building set, part > Castle building sets, Building plates
* Space building sets: {Comet|Saturn|Rocket|Nebula|Eclipse} {Station|Rover|Hangar|Launcher}, building set, part > Space building sets, Building plates
* City building sets: {Market|Harbour|Station|Museum|Park} {Street|Square|Corner|Arcade}, building set, part > City building sets, Building plates
Building plates: {small|medium|large} building plate, {colour} > Brick boxes
Brick boxes: {100-piece|300-piece|500-piece} brick box, {basic|pastel|bright} colours > Brick boxes, Brick sorters
Brick sorters: {4-drawer|6-drawer|8-drawer} brick sorter, {colour} > Brick boxes
Wooden blocks: {50-piece|100-piece|300-piece} wooden blocks, {natural|rainbow|pastel} {beech|pine|maple} > Marble runs, Play mats
Marble runs: {starter|medium|giant} marble run, {wood|card|clear} track > Marble run extras, Wooden blocks
Marble run extras: marble run {spiral|loop|funnel|lift|jump}, {wood|card|clear} track > Marble run extras

## Model railway
Railway starter sets: {gauge} {steam|diesel|electric} railway starter set, {oval|figure-eight} > Railway tracks, Locomotives, Railway carriages
Locomotives: {gauge} {steam|diesel|electric} locomotive, {green|black|red|blue} > Railway carriages, Locomotives
Railway carriages: {gauge} {passenger|freight|dining|mail} carriage, {green|black|red|blue} > Railway carriages, Railway tracks
Railway tracks: {gauge} {straight|curved|crossing} railway track, {short|long} > Railway points, Railway stations
Railway points: {gauge} railway points, {left|right|double}, {manual|electric} > Railway tracks, Railway signals
Railway signals: {gauge} {light|arm|crossing} railway signal, {single|set of 2|set of 4} > Railway stations
Railway stations: {gauge} {village|town|harbour} railway station > Railway trees, Railway figures
Railway trees: {gauge} {oak|pine|apple|birch} railway trees, set of {4|8} > Railway figures, Railway trees
Railway figures: {gauge} {passenger|worker|animal} railway figures, set of {4|8} > Railway trees

## Games and puzzles
Jigsaw puzzles: {100-piece|500-piece|1000-piece|2000-piece} jigsaw puzzle, {castle|harbour|forest|mountain|market|kittens} > Jigsaw puzzles, Puzzle mats
Puzzle mats: {500-piece|1000-piece|2000-piece} puzzle mat, {felt|foam}, {green|grey} > Jigsaw puzzles
* Board game worlds: {Harvest|Spice|Railway|Viking|Dragon} {Traders|Barons|Islands|Empires}, board game, part > Board game worlds, Card sleeves
* Story card games: {Haunted|Pirate|Galaxy|Jungle|Royal} {Manor|Heist|Rescue|Mystery}, story card game, case > Story card games, Card sleeves
Card sleeves: {clear|matt|coloured} card sleeves, {small|medium|large}, pack of {50|100} > Dice sets
Dice sets: set of {5|7|10} dice, {stone|metal|resin}, {colour} > Card sleeves, Dice trays
Dice trays: {round|square|folding} dice tray, {felt|leather}, {colour} > Dice sets
Playing cards: {poker|bridge|patience} playing cards, {classic|botanical|animal}, {red|blue|green} > Playing cards, Chess sets
Chess sets: {travel|club|tournament} chess set, {wood} > Chess clocks, Playing cards
Chess clocks: {travel|club|tournament} chess clock, {analogue|digital} {black|white} > Chess sets

## Dolls and play
Dolls: {rag|baby|fashion} doll, {curly|straight|braided} hair, {red|blue|green|yellow} dress > Doll clothes, Doll prams
Doll clothes: {rag|baby|fashion} doll {coat|dress|pyjamas|hat}, {colour} > Doll clothes, Doll beds
Doll beds: {rag|baby|fashion} doll bed, {wood} > Doll prams, Doll clothes
Doll prams: {rag|baby|fashion} doll pram, {colour} > Doll beds
Doll's houses: {two-room|four-room|six-room} doll's house, {wood} > Doll's house furniture, Doll's house families
Doll's house furniture: doll's house {kitchen|bedroom|bathroom|living room|nursery} furniture, {wood} > Doll's house furniture, Doll's house families
Doll's house families: doll's house {bear|rabbit|mouse|people} family, set of {2|4|6} > Doll's house furniture
Play kitchens: {age} play kitchen, {wood} > Play food, Play pans
Play food: play {fruit|vegetable|bread|cake|breakfast} set, {felt|wooden}, {small|large} > Play food, Play pans
Play pans: {age} play pan set, {steel|copper|wooden}, {4-piece|6-piece|8-piece} > Play food
Play mats: {round|square|folding} play mat, {small|medium|large}, {colour} > Wooden blocks
`;
