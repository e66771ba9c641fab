"""A class for every pixel: the photo cut apart."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks, lens
from zorki.guided.guide import Guide, Made
from zorki.guided.ledger import Task
from zorki.guided.work import looking
from zorki.segmenting import regions

ORDER = 90
QUICK = True
TITLE = "Every pixel gets a class"
LEAD = "Ask not what the picture is, but what each of its pixels is of. The net folds the picture down to see what things are, and unfolds it again to say where."


def nets() -> list[str]:
    """The segmenters that are here."""
    return [card.name for card in regions.known()]


def work(guide: Guide) -> list[Task]:
    return [tuple(looking(net, seen_at(net, guide.hw)) for net in (guide.by(name).net for name in nets()))]


def seen_at(net: lens.Net, hw: tuple[int, int]) -> tuple[int, int]:
    """The size at which the photo is looked at: its shorter side as in training."""
    share = min(1.0, (net.resize or min(hw)) / min(hw))
    return round(hw[0] * share), round(hw[1] * share)


def build(guide: Guide) -> Iterator[blocks.Block]:
    made = {name: guide.by(name).make("segment", "predict", photo=guide.photo) for name in nets()}
    fitting = [name for name in made if regions.fits(name, made[name].result.raw.shares)]
    for name in fitting:
        yield shown(guide, name, made[name])
    if not fitting:
        yield blocks.Row(
            figures=(guide.photo_tile(), *(one.tile(name, f"The photo with the classes of {name} over it") for name, one in made.items())),
            sentence=f"The nets that ship, {' and '.join(made)}, know people and streets, and each must call every pixel by something it knows: here is "
            "neither. What tells your own things apart is taught with zorki segment train, from forty pictures on.",
            command="\n".join(one.command for one in made.values()),
        )


def shown(guide: Guide, name: str, made: Made) -> blocks.Block:
    """The classes over the photo, and the people alone."""
    found = made.result.raw
    figures = (guide.photo_tile(), made.tile(name, f"The photo with the classes of {name} over it"))
    classes = [one for one, share in found.shares.items() if share]
    return blocks.Row(
        figures=figures,
        sentence=f"{name} tells {len(found.names)} classes apart and finds {len(classes)} here: {', '.join(classes)}. For each pixel it gives a share of belief to "
        "every class; the largest share is its answer.",
        command=made.command,
        formula="ŷᵢⱼ = argmaxₖ softmaxₖ(zᵢⱼ)",
    )
