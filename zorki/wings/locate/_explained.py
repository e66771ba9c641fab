"""Where a network looks, said in sentences and tables, and shown: about the mean box, and detection by detection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

import zorki
from zorki import blocks, lens
from zorki.core import events
from zorki.locating import drawing
from zorki.locating.aligned import CELLS, REACH, ZONES, Floats
from zorki.pixels import display
from zorki.wings.locate._looks import ASKED, SIDES, Look, Looks

FOOT = f"Made by Zorki {zorki.__version__} on this machine. Nothing left it."
WHERE = {"inside": "inside", "rim": "at its rim", "outside": "outside"}
MARGIN = 0.6  # of the box's width and height, shown about it
TALL = 220  # pixels a detection's map is high
INK = "#ffffff"
FEW = 6  # detections of each of the other kinds
MEANT = (
    "Each picture is cut into parts that lie alike about the box, and each part is covered in turn. What speaks for the class is how much its logit falls; what moves a side is how "
    "far that side goes, either way, in widths or heights of the box. The rim is all that lies within 15 % of the box's width and height of its line, to either side; "
    "inside and outside are what is left. The interval is what other pictures of this kind would give, by drawing these anew."
)
CAUTION = (
    "The cell that said the box is asked again with a part covered, whether or not the thing would still be found. A part that is covered is itself something to see, with edges of its own; and what "
    "two parts say alike is not missed while one of them is left. So shares of covered parts say where the answer hangs on what is seen, not all that the net could go by."
)


def sentences(made: Looks) -> list[str]:
    """What was measured, in words."""
    mid, low, high = made.shares
    many = len({one.picture for one in made.right})
    area = made.area
    out = [
        f"When it says {made.name}, {told(mid[0, 0], low[0, 0], high[0, 0])} of what speaks for it lies inside the box, {percent(mid[0, 1])} at its rim and "
        f"{percent(mid[0, 2])} outside; of the pictures' area these are {percent(area[0])}, {percent(area[1])} and {percent(area[2])} "
        f"({counted(len(made.right), 'detection')} in {counted(many, 'picture')})."
    ]
    near, lows, highs = made.mean(lambda one: one.near)
    areas = made.mean(lambda one: [one.cut.areas[one.cut.near(side)].sum() / one.cut.areas.sum() for side in SIDES])[0]
    each = ", ".join(f"{side} {told(*(float(x[k]) for x in (near, lows, highs)))}" for k, side in enumerate(SIDES))
    out.append(
        f"Of what moves a side this share lies at that very side: {each}; these strips are {percent(areas.min())} to {percent(areas.max())} of the area."
        if not np.isnan(areas).any()
        else f"Of what moves a side this share lies at that very side: {each}."
    )
    if not made.one:
        left, *ends = made.mean(lambda one: one.kept(made.least))
        said = [f"with all that is {WHERE[name]}, {told(*(float(x[k]) for x in (left, *ends)))}" for k, name in enumerate(ZONES)]
        out.append(
            f"Of the boxes so many would still be shown, from a score of {made.least:g} on, were all of it covered at once: {'; '.join(said)}."
        )
    if made.wrong:
        wrong = made.mean(lambda one: one.shares[0], made.wrong)
        out.append(
            f"{counted(len(made.wrong), 'false alarm')}: for these {told(*(float(x[2]) for x in wrong))} of what speaks for {made.name} lies outside the box, "
            f"of right ones {told(mid[0, 2], low[0, 2], high[0, 2])}."
        )
    return out


def lines(made: Looks) -> list[str]:
    """For a terminal: the shares of each question, then the sentences."""
    mid, low, high = made.shares
    wide = max(len(title(made, asked)) for asked in (*ASKED, "area"))
    out = [f"{'':{wide}}  " + "  ".join(f"{WHERE[name]:<18}" for name in ZONES).rstrip()]
    for k, asked in enumerate(ASKED):
        cells = (f"{percent(mid[k, z]):>6} {between(low[k, z], high[k, z]):<11}" for z in range(len(ZONES)))
        out.append(f"{title(made, asked):{wide}}  {'  '.join(cells)}".rstrip())
    out.append(f"{title(made, 'area'):{wide}}  {'  '.join(f'{percent(v):>6} {str():<11}' for v in made.area)}".rstrip())
    return [*out, "", *sentences(made)]


def answer(made: Looks) -> dict[str, Any]:
    """For programs: shares, intervals, each detection."""
    mid, low, high = made.shares
    near = made.mean(lambda one: one.near)
    kept = made.mean(lambda one: one.kept(made.least))
    return {
        "class": made.name, "baseline": made.baseline, "split": made.split or None, "least": made.least, "looked": made.looked, "detections": len(made.each),
        "false_alarms": len(made.wrong) if any(one.right is not None for one in made.each) else None,
        "area": zoned(made.area),
        "shares": {asked: zoned(mid[k]) for k, asked in enumerate(ASKED)},
        "intervals": {asked: {name: [rounded(low[k, z]), rounded(high[k, z])] for z, name in enumerate(ZONES)} for k, asked in enumerate(ASKED)},
        "at_that_side": {side: {"share": rounded(near[0][k]), "interval": [rounded(near[1][k]), rounded(near[2][k])]} for k, side in enumerate(SIDES)},
        "still_shown": None if made.one else {name: {"share": rounded(kept[0][k]), "interval": [rounded(kept[1][k]), rounded(kept[2][k])]} for k, name in enumerate(ZONES)},
        "each": [
            {"picture": one.picture, "detection": one.number, "score": round(one.score, 4), "right": one.right, "box": [round(v, 2) for v in one.box]}
            | {"shares": {asked: zoned(one.shares[k]) for k, asked in enumerate(ASKED)}}
            for one in made.each
        ],
    }  # fmt: skip


def page(net: lens.Net, made: Looks, shown: int, command: str) -> blocks.Page:
    """What `locate explain --out page.html` shows."""
    wrong, outward = made.wrong[:FEW], made.outward[:FEW] if len(made.right) > FEW else ()
    first = [one for one in made.right if one not in outward][:shown]
    total, done = len(first) + len(wrong) + len(outward), iter(range(1, 1 + len(made.each)))

    def slide(some: Sequence[Look], words: str) -> blocks.Slide:
        plates = []
        for one in some:
            plates.append(plate(made, one))
            events.tell("pictures", next(done), total)
        return blocks.Slide(tuple(plates), words)

    of_each = "Left the picture about the box, then what speaks for the class, then what moves each of the four sides; each map is as bright as its own brightest part."
    found = [
        blocks.Section("where", f"Where it looks when it says {made.name}", "", (means_grid(made), table(made), blocks.Note("\n\n".join(sentences(made)[1:])))),
        blocks.Section("each", "One by one", "", (slide(first, of_each),)) if first else None,
        blocks.Section("outside", "Where it looks outside most", "Those of which most of what speaks for the class lies outside the box.", (slide(outward, of_each),))
        if outward
        else None,
        blocks.Section("false", "False alarms", "What lies on no true box of its class, the surest first.", (slide(wrong, of_each),)) if wrong else None,
        blocks.Section("how", "How this was measured", "", (blocks.Note(MEANT), blocks.Note(CAUTION, title="What it does not say"))),
    ]  # fmt: skip
    return blocks.Page(
        title=f"Where {net.name} looks when it says {made.name}",
        lead=sentences(made)[0],
        facts=(
            ("network", net.name),
            ("pictures", f"{made.looked:,}{f' ({made.split})' if made.split else ''}"),
            ("detections", f"{len(made.each):,}" + (f", {len(made.wrong):,} of them false alarms" if made.wrong else "")),
            ("covered with", made.baseline),
            ("command", command),
        ),
        sections=tuple(one for one in found if one is not None),
        foot=FOOT,
    )


def means(made: Looks) -> list[blocks.Tile]:
    """The mean maps about the box: of the class, and of each side."""
    return [
        blocks.Tile(
            mean(made.spread(asked), asked), title(made, asked), f"The mean map about the box: {title(made, asked)}, bright where it is"
        )
        for asked in ASKED
    ]


def means_grid(made: Looks) -> blocks.Grid:
    said = (
        f"The means of {counted(len(made.right), 'map')}, laid on one another so that all boxes are one, which is drawn, and the side asked about in white. Brightness is by area: what a "
        "spot of one size does. Striped: fewer than a quarter of the pictures reach so far."
    )
    return blocks.Grid(tuple(means(made)), said, tile_width=200)


def mean(spread: Floats, asked: str, times: int = 6) -> blocks.Pixels:
    """(h, w, 3): a mean map in heat colours with the box on it."""
    x = torch.from_numpy(np.nan_to_num(spread)).float()
    unknown = np.kron(np.isnan(spread), np.ones((times, times), bool))
    out = display.levels(display.heat(display.stretched(x, low=0.0))).repeat(times, 0).repeat(times, 1)
    rows, columns = np.indices(unknown.shape)
    stripes = np.where((rows + columns) % 8 < 2, 150, 90).astype(np.uint8)
    out = np.where(unknown[..., None], stripes[..., None], out)
    cell = CELLS * times / (1 + 2 * REACH)
    return boxed(out, (REACH * cell, REACH * cell, cell, cell), asked)


def boxed(picture: blocks.Pixels, box: tuple[float, float, float, float], asked: str) -> blocks.Pixels:
    """With a box on it, of which the side asked about is white and thick."""
    out = drawing.drawn(picture, [box], [""], ["#8a8f98"], 0.6)
    bound = drawing.inside(np.array(box), (picture.shape[0], picture.shape[1]))
    if asked == "class" or bound is None:
        return out
    left, top, right, bottom = bound
    thick = max(3, round(max(out.shape[:2]) / 70))
    strip = {
        "left": (slice(top, bottom), slice(left, left + thick)), "right": (slice(top, bottom), slice(max(0, right - thick), right)),
        "top": (slice(top, top + thick), slice(left, right)), "bottom": (slice(max(0, bottom - thick), bottom), slice(left, right)),
    }[asked]  # fmt: skip
    out[strip] = 255
    return out


def plate(made: Looks, one: Look) -> blocks.Plate:
    """A detection: what is about it, what speaks for the class, what moves each side."""
    h, w = one.small.shape[-2:]
    k = (w / one.hw[1], h / one.hw[0])
    x, y, wide, high = one.box[0] * k[0], one.box[1] * k[1], one.box[2] * k[0], one.box[3] * k[1]
    left, top = max(0, math.floor(x - MARGIN * wide)), max(0, math.floor(y - MARGIN * high))
    right, bottom = min(w, math.ceil(x + (1 + MARGIN) * wide)), min(h, math.ceil(y + (1 + MARGIN) * high))
    times = TALL / (bottom - top)
    size = (TALL, max(1, round((right - left) * times)))
    photo = torch.nn.functional.interpolate(one.small[..., top:bottom, left:right], size, mode="bilinear", antialias=True).clamp(0, 1)
    box = ((x - left) * times, (y - top) * times, wide * times, high * times)

    def shown(asked: str) -> blocks.Tile:
        density = one.amount(asked) / np.maximum(one.cut.areas, 1e-9)
        whole = torch.from_numpy(density[one.cut.parts]).float()[None, None]
        there = torch.nn.functional.interpolate(whole, (h, w), mode="nearest-exact")[..., top:bottom, left:right]
        there = torch.nn.functional.interpolate(there, size, mode="nearest-exact")[0, 0]
        words = f"{one.picture}: {title(made, asked)}, bright where it is"
        return blocks.Tile(
            boxed(display.levels(display.overlay(photo, display.stretched(there, low=0.0))), box, asked), title(made, asked), words
        )

    seen = blocks.Tile(boxed(display.levels(photo), box, "class"), "seen", f"{one.picture}: the picture about the box")
    shares = ", ".join(f"{percent(one.shares[0, z])} {WHERE[name]}" for z, name in enumerate(ZONES))
    mosaics = (
        blocks.Mosaic((seen,), "seen", 1),
        blocks.Mosaic((shown("class"),), made.name, 1),
        blocks.Mosaic(tuple(shown(side) for side in SIDES), "left, top; right, bottom", 2),
    )
    key = f"{'false' if one.right is False else 'look'}-{made.each.index(one)}"
    return blocks.Plate(key, f"{one.picture}, {one.score:.0%} sure", mosaics, f"what speaks for {made.name}: {shares}")


def table(made: Looks) -> blocks.Table:
    mid, low, high = made.shares
    rows: list[tuple[blocks.Cell, ...]] = [
        (
            title(made, asked),
            *(f"{percent(mid[k, z])} {between(low[k, z], high[k, z]).replace(' to ', '–')}".strip() for z in range(len(ZONES))),
        )
        for k, asked in enumerate(ASKED)
    ]
    rows.append((title(made, "area"), *map(percent, made.area)))
    return blocks.Table(
        ("", *(WHERE[name] for name in ZONES)), rows, "Shares, in brackets where 95 of 100 such sets of pictures would put them."
    )


def title(made: Looks, asked: str) -> str:
    return {"class": f"speaks for {made.name}", "area": "of the pictures' area"}.get(asked, f"moves the {asked} side")


def counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"


def percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def between(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"({100 * low:.0f} to {100 * high:.0f})"


def told(value: float, low: float, high: float) -> str:
    return f"{percent(value)} {between(low, high)}".strip()


def zoned(values: Floats) -> dict[str, float | None]:
    return {name: rounded(values[k]) for k, name in enumerate(ZONES)}


def rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 4)
