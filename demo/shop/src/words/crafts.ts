/** Format: `parse-department.ts`. */
export const CRAFTS = `
# Crafts
budget: Threadbarn, Makerly
standard: Woolcombe, Pigmenta, Paperfinch
premium: Atelier Brume, Silkmoor

## Knitting
Yarns: {yarn} yarn, {merino|alpaca|cotton}, {colour} > Yarns, Knitting needles, Stitch markers
Knitting needles: {yarn} knitting needles, {bamboo|steel|birch}, {straight|circular} > Stitch markers, Yarns, Knitting bags
Crochet hooks: {yarn} crochet hook, {bamboo|steel|birch} {plain|soft-grip} > Yarns, Stitch markers
Stitch markers: {ring|locking|charm} stitch markers, {metal}, pack of {10|20} > Knitting bags, Tapestry needles
Tapestry needles: {blunt|bent|large-eye} tapestry needles, {metal}, pack of {4|6} > Stitch markers
Knitting bags: {small|medium|large} knitting bag, {linen|cotton|wool}, {colour} > Knitting patterns
Knitting patterns: {yarn} {jumper|scarf|sock|hat|blanket} pattern, {easy|advanced} > Yarns, Knitting patterns
Yarn winders: {hand|electric} yarn winder, {small|large}, {wood} > Yarns

## Painting
Watercolours: {12-pan|24-pan|48-pan} watercolours, {student|studio|artist} grade, {landscape|portrait|botanical} > Watercolour brushes, Watercolour paper, Palettes
Watercolour brushes: {round|flat|mop} watercolour brush, {fine|medium|broad}, {sable|squirrel|synthetic} > Watercolour brushes, Watercolour paper
Watercolour paper: {small|medium|large} watercolour paper, {smooth|cold-pressed|rough} {pad|block} > Masking tapes, Watercolour brushes
Oil paints: {titanium white|ultramarine|cadmium red|ochre|umber|viridian} oil paint, {40 ml|75 ml|200 ml} > Oil paints, Oil brushes, Canvases
Oil brushes: {round|flat|fan} oil brush, {fine|medium|broad}, {bristle|synthetic} > Canvases, Turpentine
Turpentine: {scented|odourless|citrus} turpentine, {75 ml|250 ml|500 ml} > Oil paints, Paint rags
Paint rags: {cotton|linen} paint rags, {white|grey}, pack of {10|20|40} > Turpentine
Acrylic paints: {white|ultramarine|crimson|ochre|emerald|violet} acrylic paint, {40 ml|75 ml|200 ml} > Acrylic paints, Acrylic brushes, Canvases
Acrylic brushes: {round|flat|fan} acrylic brush, {fine|medium|broad} {short|long} > Palettes, Canvases
Canvases: {small|medium|large} {square|landscape|portrait} canvas, {cotton|linen} > Easels, Canvases
Palettes: {folding|oval|stay-wet} palette, {beech|porcelain|plastic} {small|large} > Easels
Easels: {table|studio|travel} easel, {wood} > Canvases, Palettes
Masking tapes: {narrow|medium|wide} masking tape, {10 m|20 m|30 m} {white|yellow} > Watercolour paper

## Sewing
Sewing machines: {mechanical|computer|travel} sewing machine, {white|grey|red|blue} > Machine needles, Bobbins, Sewing threads, Fabrics ~ Machine needles, Bobbins
Machine needles: {jersey|denim|cotton|silk} machine needles, {fine|medium|thick}, pack of {5|10} > Bobbins, Sewing threads
Bobbins: {mechanical|computer|travel} machine bobbins, {steel|clear}, pack of {10|20} > Sewing threads, Machine needles
Sewing threads: {jersey|denim|cotton|silk} sewing thread, {colour} > Sewing threads, Fabrics
Fabrics: {jersey|denim|cotton|silk} fabric, {plain|striped|floral}, {colour} > Fabrics, Sewing threads, Zips
Zips: {20 cm|40 cm|60 cm} zip, {metal} > Buttons, Sewing patterns
Buttons: {horn|wood|shell} buttons, {small|medium|large}, pack of {4|6|10} > Buttons, Sewing patterns
Sewing patterns: {shirt|dress|skirt|trousers|bag} sewing pattern, {easy|advanced}, {jersey|denim|cotton|silk} > Fabrics, Fabric scissors
Fabric scissors: {16 cm|20 cm|24 cm} fabric scissors, {left-handed|right-handed}, {black|red|brass} > Pin cushions, Tape measures
Tape measures: {1.5 m|2 m|3 m} tape measure, {retractable|soft}, {white|yellow|red} > Pin cushions
Pin cushions: {round|wrist|magnetic} pin cushion, {colour} > Fabric scissors

## Paper
Notebooks: {pocket|medium|large} notebook, {lined|dotted|plain}, {colour} > Fountain pens, Washi tapes, Gel pens
Fountain pens: {fine|medium|broad} nib fountain pen, {colour} > Ink bottles, Notebooks ~ Ink bottles
Ink bottles: {30 ml|50 ml|100 ml} fountain pen ink, {black|blue|green|red|purple} > Ink bottles, Blotting paper
Blotting paper: {small|medium|large} blotting paper, {white|green|grey}, {10|20|40} sheets > Ink bottles
Gel pens: {fine|medium|broad} gel pens, {pastel|bright|metallic|black}, set of {4|8|12} > Gel pens, Notebooks
Washi tapes: {plain|striped|floral|gold} washi tape, {narrow|medium|wide}, {colour} > Washi tapes, Stickers
Stickers: {botanical|animal|travel|alphabet} stickers, {matt|gloss}, {20|40|80} pieces > Stickers, Washi tapes
Calligraphy sets: {copperplate|italic|brush} calligraphy set, {4-piece|6-piece|8-piece}, {beech|ebony} handle > Ink bottles, Calligraphy paper
Calligraphy paper: {copperplate|italic|brush} calligraphy paper, {lined|plain}, {20|40|80} sheets > Calligraphy sets
`;
