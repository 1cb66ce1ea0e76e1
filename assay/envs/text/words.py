"""Words to ask about: a list of our own, and made-up words that can be spoken.

The list is kept even: no letter begins more than one word in twenty, so that naming a fixed first
letter is no strategy. Adding a word renumbers the problems: it needs new versions of the ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WORDS: tuple[str, ...] = tuple(
    """
    above across actor address adult after again agree album alley almond amber anchor animal ankle
    answer apple april apron arena armour arrow artist attic autumn avenue award axle
    baby bacon badge baker balloon bamboo banana banner barrel basket battery beach bean beetle
    berry bicycle blanket blossom book bottle bread bridge broom bubble bucket button
    cabbage cactus camel candle carpet carrot castle cattle cellar cheese cherry chess chimney
    circle clock cloud coffee collar cookie copper corner cotton cousin cradle cucumber
    daisy dancer danger daughter december deer degree dentist desert diamond dinner doctor dollar
    dolphin donkey door double dragon drawer dream dress drizzle drum duck dust dwarf
    eagle early earth easel east echo editor effort eggshell eight elbow electric elegant elephant
    eleven elm ember emerald empty engine enough envelope evening excellent exercise eyelid
    fabric falcon family fancy farmer father feather fence ferry fiddle field fifteen finger fire
    fish flame floor flower flute follow food forest fork fountain freedom freeze fruit
    gallery garden garlic gate genius ghost giant ginger giraffe glacier glass globe glove glue
    goblin goggles gold goose grain grammar grape grass green grocer guitar gully
    habit hair hallway hammer hammock handle happy harbour harvest hazel heather hedge height helmet
    heron hill hobby holiday hollow honey hood horse hotel house humble hunter
    iceberg icicle idea idle igloo illness image inch increase index indigo infant inkwell inner
    insect inside interest invite iris iron island issue item ivory ivy
    jacket jaguar jam january jar jasmine jaw jazz jealous jelly jersey jewel jigsaw job jockey joke
    journey joy judge jug juggle juice july jumper june jungle jury
    kangaroo kayak keen keeper kennel kernel kettle key keyboard kidney kind kingdom kiosk kitchen
    kite kitten knee kneel knife knight knock knot know knuckle
    label ladder lady lake lamb lamp lantern laundry lawn leaf leather lemon lesson letter lettuce
    level library light lily linen little lizard lobster lolly luggage lullaby lunch
    machine magnet mammal mango marble market mattress meadow melon member memory mermaid middle
    milk minnow minute mirror mitten monkey moon morning mother mountain muffin museum mustard
    napkin narrow nature navy near nebula necklace needle neighbour nephew nest nettle never night
    nineteen noble noise noodle noon north nose notebook november number nurse nutmeg
    oak oasis oatmeal object ocean october octopus odd offer office often olive onion onward opal
    open opera orange orchard order organ otter outside oval oven owl oyster
    paddle palace pancake panda paper parrot pasture peach pear pebble pelican pencil penguin pepper
    piano pigeon pillow pilot planet pocket pony poppy potato pumpkin puppet puzzle
    quack quail quaint quality quarrel quarry quarter quartz queen quest question quick quiet quill
    quilt quince quit quiver quiz quota
    rabbit raccoon radio radish railway rain raspberry raven razor reason recipe referee reindeer
    remember repair ribbon rice riddle ring river road robin rocket roof rooster rubber ruler
    saddle sail salad sandal sausage scarf school seed seventeen shadow sheep shell shoulder silver
    sister sleepless slipper snow soccer sparrow spoon stone summer sunset swallow sweet
    table tailor tambourine tattoo teacher teapot tennis tent theatre thimble thirteen thunder
    ticket tiger timber toast toffee tomato tomorrow tooth tower trumpet tunnel turtle twelve
    ugly umbrella unable uncle under unfold unhappy unicorn uniform union unit unity universe unless
    unlock unpack until unusual update upper upset upstairs urban urgent useful usual utter
    vacuum valley value vanilla vanish vapour variety vase vault vegetable velvet verse vessel vest
    vet video village vinegar violet violin visitor visual voice volcano volume vowel voyage vulture
    waffle wagon waist wallet walnut walrus warm wasp water weather wedding wednesday weed week
    welcome west wheel whisker whistle willow window winter witness wizard wonder wood wool worm
    yacht yard yarn yawn year yearly yeast yellow yelp yesterday yet yoga yogurt yolk young youth
    zebra zero zest zigzag zinc zip zipper zone zoo zoology zoom
    """.split()
)

REPEATING: tuple[str, ...] = tuple(word for word in WORDS if len(set(word)) < len(word))

_CONSONANTS = "bdfghjklmnprstvwz"
_SYLLABLES = tuple(consonant + vowel for consonant in _CONSONANTS for vowel in "aeiou")
_PAIRS = tuple(first + second for first in _SYLLABLES for second in _SYLLABLES)


def draw_word(rng: Any, length: int) -> list[Any]:
    """The places of the parts that a made-up word of `length` letters consists of."""
    pairs, rest = divmod(length, 4)
    drawn = rng.several(0, len(_PAIRS), pairs)
    if rest >= 2:
        drawn.append(rng.integers(0, len(_SYLLABLES)))
    if rest % 2:
        drawn.append(rng.integers(0, len(_CONSONANTS)))
    return drawn


def spoken_word(drawn: Sequence[int], length: int) -> str:
    """The word of these parts, consonants and vowels in turn."""
    pairs, rest = divmod(length, 4)
    word = "".join([_PAIRS[place] for place in drawn[:pairs]])
    if rest >= 2:
        word += _SYLLABLES[drawn[pairs]]
    return word + _CONSONANTS[drawn[-1]] if rest % 2 else word
