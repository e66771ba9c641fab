"""A class for every pixel of the photo, by the segmenters that ship, where they know what is in it."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks, pixels, weights
from zorki.guided.guide import Guide, Made
from zorki.guided.ledger import Task
from zorki.guided.work import looking
from zorki.jobs.inputs import tensor
from zorki.segmenting import regions

ORDER = 90
QUICK = True
TITLE = "Every pixel gets a class"
LEAD = "A classifier folds the photo down to one answer. Folded open again to full size, with what was fine on the way down beside it, a network answers for each pixel."
SHOWN = {
    "people": "Who is a person, and where they end: one of two classes for each pixel. With --as cutout the background goes, and zorki style apply "
    "--only people paints nothing else.",
    "road": "A street, as a network that knows eleven things of it sees it.",
}
NONE = {"people": "nobody", "road": "no street"}  # what is said of a photo that a network is not for
ROWS = 6  # classes whose areas are told


def work(guide: Guide) -> list[Task]:
    """Each looks twice: at the photo, and whether it is one for it."""
    return [(looking(guide.by(card.name).net, size(guide, card), passes=2),) for card in regions.known()]


def size(guide: Guide, card: weights.Card) -> tuple[int, int]:
    """At which the network looks at the photo."""
    wanted = regions.longest(guide.hw, card.resize)
    return guide.hw if wanted is None else pixels.sizes.fit(guide.hw, wanted)


def build(guide: Guide) -> Iterator[blocks.Block]:
    without = []
    for card in regions.known():
        one = guide.by(card.name)
        made = one.make("segment", "predict", photo=guide.photo, as_="overlay")
        if regions.fits(one.net, tensor(guide.photo), made.result.shares):
            yield shown(guide, card, made)
            yield areas(card, made)
        else:
            without.append(NONE[card.name])
    if without:
        yield blocks.Note(
            f"There is {' and '.join(without)} in this photo, as far as the networks that ship can tell. "
            "One of your own learns other things from some forty pictures with masks:",
            command="zorki segment train DATA --out RUN",
        )


def shown(guide: Guide, card: weights.Card, made: Made) -> blocks.Block:
    names = ", ".join(n for n, share in made.result.shares.items() if share >= regions.SEEN)
    return blocks.Row(
        figures=(guide.photo_tile(), made.tile(card.name, f"The photo with its classes over it: {names}")),
        sentence=SHOWN[card.name],
        command=made.command,
        formula="ŷ(i, j) = argmaxₖ zₖ(i, j)",
    )


def areas(card: weights.Card, made: Made) -> blocks.Block:
    largest = sorted(made.result.shares.items(), key=lambda one: -one[1])[:ROWS]
    return blocks.Bars(
        rows=tuple((name, round(100 * share, 1)) for name, share in largest if share),
        sentence=f"How much of the photo each class of {card.name} is.",
    )
