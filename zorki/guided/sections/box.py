"""What the photo shows and the box about it: a name and four numbers, by the network that ships for that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zorki import blocks
from zorki.guided.guide import Guide, Made
from zorki.guided.ledger import Task
from zorki.guided.work import looking
from zorki.weights.cards import short

ORDER = 100
QUICK = True
TITLE = "A box around it"
LEAD = (
    "A network that names what it sees can also say where it is: beside the classes it tells four numbers, learnt from pictures with a box "
    "about the thing."
)
NET = "locator"
SURE = 0.5  # share of the likeliest class below which its name is called a guess
SIDES = ("x, its left side", "y, its top", "w, its width", "h, its height")


def work(guide: Guide) -> list[Task]:
    """Where a better namer is at hand, it is asked too."""
    net, namer = guide.by(NET).net, guide.namer
    return [(looking(net, net.hw),), *([] if namer is None else [(looking(namer, namer.hw),)])]


def build(guide: Guide) -> Iterator[blocks.Block]:
    one = guide.by(NET)
    made = one.make("locate", "predict", photo=guide.photo)
    box = made.result.boxes[0]
    yield shown(one, made, box)
    yield numbers(guide, box)
    if guide.namer is not None:
        other = guide.names.make("see", "classify", photo=guide.photo)
        yield blocks.Note(held_against(one, box, guide.namer.name, other.result.raw.top[0]), command=other.command)


def shown(one: Guide, made: Made, box: dict[str, Any]) -> blocks.Block:
    name, knows = short(box["class"]), len(one.net.classes or ())
    sure = f"is {box['score']:.0%} sure of “{name}”" if box["score"] >= SURE else f"guesses “{name}” and is {box['score']:.0%} sure"
    return blocks.Row(
        figures=(one.photo_tile(), made.tile(f"{name} {box['score']:.0%}", f"The photo with a box about what is called {name}")),
        sentence=f"It {sure}. It knows {knows} things, calls whatever it is shown by one of them and always draws one box, also where there are several things, or none "
        "that it knows. Its columns say how likely the left edge, l, and the right one, r, are at each place u, its rows the upper, t, and the lower, b, at v; an edge "
        "is the mean of all places.",
        command=made.command,
        formula="x = Σ l(u) u,  x + w = Σ r(u) u,  y = Σ t(v) v,  y + h = Σ b(v) v",
    )


def numbers(guide: Guide, box: dict[str, Any]) -> blocks.Block:
    """In the pixels of the photo as it was given, of which the tour may show fewer."""
    (high, wide), (h, w) = guide.given or guide.hw, guide.hw
    shares = [box[side] / size for side, size in zip("xywh", (w, h, w, h), strict=True)]
    return blocks.Table(
        columns=("", "pixels", "of the photo"),
        rows=[
            (side, round(share * size), f"{share:.1%}") for side, share, size in zip(SIDES, shares, (wide, high, wide, high), strict=True)
        ],
        sentence=f"The four numbers, of a photo of {wide:,} × {high:,} pixels. The network tells them as shares, since it sees every photo as a square of "
        f"{guide.by(NET).net.side} pixels, and so no more exactly than that.",
    )


def held_against(one: Guide, box: dict[str, Any], namer: str, top: Any) -> str:
    """What the better namer says of the same photo, and what follows for the name above."""
    said = (
        f"{namer} calls this photo “{top.short}” ({top.share:.0%})"
        if top.share >= SURE
        else f"{namer} is not sure: “{top.short}” ({top.share:.0%})"
    )
    if top.name == box["class"]:
        return f"{said}, as {NET} does."
    if top.name in (one.net.classes or ()):
        return f"{said}, which {NET} knows as well, so at least one of the two is wrong about the name."
    return f"{said}, which {NET} does not know. If that is what it is, the name in the box is only the nearest there was; the box may be right for all that."
