"""The page of a comparison: figures, curves over one another, what the nets make of the same pictures, and why."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zorki import blocks, io, weights
from zorki.core import events
from zorki.io.runs import figures
from zorki.lens.table import short
from zorki.nets.segmenter import Segmenter
from zorki.scores.spelled import percent
from zorki.segmenting import differing, preview, reading, record, sets, showing
from zorki.segmenting.differing import Window
from zorki.train import curves
from zorki.train.page import FOOT
from zorki.wings.segment import _found, _report, _unpooling
from zorki.wings.segment._budget import Entrant, Share
from zorki.wings.segment._found import Comparison, Row, cells
from zorki.wings.segment._lesson import predictions
from zorki.wings.segment._stock import Stock
from zorki.wings.segment._telling import Told

PICTURES = 5
LEARNING = ("It is learning, or was", "They are learning, or were")
FRAME, THICK = ((255, 255, 255), (0, 0, 0)), 200  # about a cut-out, in the picture: light, and dark inside of it; one pixel to so many


def page(run: io.RunFolder, finished: bool, data: io.LabelledFolder) -> blocks.Page:
    """finished: whether all has been taught that can be; until then what is known by now, and no net is looked at."""
    found = _found.comparison(run.folder)
    known = _found.of_data(found)
    shown = looked(found, known, data) if finished and known is not None else None
    told = Told(found, {} if shown is None else shown.readings)
    sections = [of_figures(found, told if finished else None), *learning(found)]
    if shown is not None and shown.pictures:
        sections.append(of_pictures(shown))
    if finished and found.ranked and len(found.names) > 1:
        sections.append(of_classes(found, known))
    if finished:
        sections.append(_unpooling.section("zorki segment explain unpooling"))
    sections += [how(found), *([_report.meaning(known.table)] if known is not None else []), *ways(found, data, finished)]
    return blocks.Page(
        title=f"{spelled(len(found.rows))} back to full size",
        lead=told.lead() if finished else f"{LEARNING[len(found.rows) > 1]} broken off. What one sees and why comes here in the end.",
        sections=tuple(sections),
        facts=facts(found, known, data),
        foot=FOOT,
    )


def spelled(count: int) -> str:
    words = ("No way", "One way", "Two ways", "Three ways", "Four ways", "Five ways", "Six ways", "Seven ways", "Eight ways")
    return words[count] if count < len(words) else f"{count} ways"


def facts(found: Comparison, known: record.Record | None, data: io.LabelledFolder) -> tuple[tuple[str, str], ...]:
    c = found.config
    parts = () if known is None else (("learnt from", f"{len(known.train)} pictures"), ("held back", f"{len(known.val)} pictures"))
    trained = f"{len(found.budget.seeds)} of each" if len(found.budget.seeds) > 1 else "one of each"
    return (*parts, ("encoder", c["encoder"]), ("each learns for", spent(found)), ("trainings", trained), ("command", command(found, data)))


def spent(found: Comparison) -> str:
    """What each net got as much of as any other."""
    e, share = next(((e, s) for e, s in zip(found.budget.entrants, found.budget.shares, strict=True) if not e.failed), (None, None))
    if e is None or share is None:
        return "nothing"
    kind = found.config["budget"]
    if kind == "steps":
        return f"{share.steps:,} steps"
    return (
        f"{short(e.multiply_adds * share.steps)} multiply-adds" if kind == "multiply-adds" else events.spoken(e.step_seconds * share.steps)
    )


def command(found: Comparison, data: io.LabelledFolder) -> str:
    """What made the page; what nobody asked for is left out."""
    from zorki.core.settings import options
    from zorki.wings.segment.compare import Settings

    words = ["zorki", "segment", "compare", data.name]
    for o in options(Settings):
        given = found.config.get(o.name)
        given = ",".join(given) if isinstance(given, list) else given
        followed = o.name in found.config["followed"]
        if given is not None and given != o.default and not followed and not (o.name == "budget" and given == "steps"):
            words += [f"--{o.name.replace('_', '-')}", str(given)]
    return shlex.join([*words, "--out", f"{found.folder.name}.html"])


def of_figures(found: Comparison, told: Told | None) -> blocks.Section:
    """The table, how sure it is, and in the end a sentence to each."""
    ranked = found.ranked
    rows = [together(cells(row)) for row in ranked]
    rows += [(row.net, "failed" if row.failed else "not yet", *[""] * 7) for row in found.rows if not row.runs]
    size = " × ".join(map(str, reversed(ranked[0].cost["hw"]))) if ranked else ""
    columns = ("net", "mIoU", "95 of 100", "outlines met", "parameters", "multiply-adds", "memory", "a picture", "sees")
    table = blocks.Table(columns, rows, MEANING.format(size=size) if ranked else "")
    some: list[blocks.Block] = [table]
    if len(ranked) > 1:
        spans = tuple(None if math.isnan(row.span[0]) else (round(100 * row.span[0], 1), round(100 * row.span[1], 1)) for row in ranked)
        drawn = "such sets of pictures and such trainings" if len(found.budget.seeds) > 1 else "such sets of pictures"
        some.append(blocks.Bars(tuple((row.net, round(100 * row.miou, 1)) for row in ranked), INTERVAL.format(drawn=drawn), spans=spans))
    if told is not None:
        some += [blocks.Note(said)] if (said := told.outlines()) else []
        some += [blocks.Note(told.sentences(row), title=row.net) for row in ranked]
        some += [blocks.Note(f"It failed: {row.failed[0][1]}", title=row.net) for row in found.rows if not row.runs and row.failed]
    return blocks.Section("nets", "The nets beside one another" if len(found.rows) > 1 else "The net", "", tuple(some))


def together(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Figures that stay on one line with their units."""
    return tuple(text.replace(" ", "\u00a0") for text in texts)


MEANING = (
    "mIoU: of what is of a class or was taken for it, the share that is both; the mean over the classes, and over the trainings. Outlines met: boundary F1, "
    "within 0.75 % of the diagonal. Multiply-adds, memory (of all maps held at once) and seconds are of looking at one picture of {size}; sees: pixels a side "
    "on which an answer depends at most."
)
INTERVAL = (
    "The whisker is where 95 of 100 {drawn} would put it. All nets were judged on the same pictures, by the weights that "
    "were best on them on the way, so all are flattered a little, and alike. Differences are judged picture by picture: they may be sure where whiskers overlap."
)


def learning(found: Comparison) -> tuple[blocks.Section, ...]:
    """mIoU on what was held back, of each net over what it has learnt: the mean of the trainings that have come so far."""
    kind = found.config["budget"]
    series, places = dict[str, list[float]](), dict[str, list[float]]()
    for row in found.rows:
        looks: dict[int, list[float]] = {}
        for seed in found.budget.seeds:
            for line in figures(found.folder / f"{row.net}-{seed}"):
                if curves.finite(line.get("miou")):
                    looks.setdefault(line["step"], []).append(100 * line["miou"])
        if looks:
            steps = sorted(looks)
            unit = {"steps": 1.0, "time": 100 / max(1, row.share.steps), "multiply-adds": row.entrant.multiply_adds / 1e12}[kind]
            series[row.net] = [float(np.mean(looks[step])) for step in steps]
            places[row.net] = [step * unit for step in steps]
    if not series:
        return ()
    label = {"steps": "steps", "time": "% of the time", "multiply-adds": "multiply-adds of learning, in 10¹²"}[kind]
    sentence = "On the pictures that were held back, with the moving average of the weights. The rate falls to 0 at the end."
    return (blocks.Section("learning", "How they learnt", "", (blocks.Curve(series, label, "mIoU in %", sentence, x=places),)),)


@dataclass(frozen=True, eq=False)
class Picture:
    """One that all nets were shown. small: (h, w, 3) in 0..1 as it is; truth, predicted: class numbers; window: where they differ most."""

    name: str
    pixels: npt.NDArray[np.float32]
    truth: npt.NDArray[np.uint8]
    predicted: Mapping[str, npt.NDArray[np.uint8]]
    mious: Mapping[str, float]
    window: Window


@dataclass(frozen=True, eq=False)
class Looked:
    """What the nets with their best weights, of the first training of each, make of a few pictures; what each reads of its encoder's maps."""

    pictures: tuple[Picture, ...]
    readings: Mapping[str, Any]
    table: Any


def looked(found: Comparison, known: record.Record, data: io.LabelledFolder) -> Looked:
    """Those pictures are chosen that lie evenly apart when all are sorted by how well the nets do on them, the worst first."""
    held = known.parts(data).get("val", ())
    rows = found.ranked
    if not rows or not held:
        return Looked((), {}, known.table)
    each = {row.net: mious(row) for row in rows}
    order = np.argsort(np.nanmean(np.stack([np.nan_to_num(v) for v in each.values()]), 0), kind="stable")
    chosen = [int(order[i]) for i in sorted({round(i) for i in np.linspace(0, len(order) - 1, min(PICTURES, len(order)))})]
    part = sets.Set(tuple(held[int(rows[0].runs[0].which[i])] for i in chosen), known.table)
    stock, answers, readings = Stock(part), dict[str, dict[int, npt.NDArray[np.uint8]]](), dict[str, Any]()
    for k, row in enumerate(rows, 1):
        net = weights.load_run(row.runs[0].folder).inner
        assert isinstance(net, Segmenter)
        readings[row.net] = reading.reading(net)
        with events.translated(lambda e: e if e.note else None):
            answers[row.net] = dict(predictions(net, stock))
        events.tell("pictures", k, len(rows))
    pictures = []
    for i, number in enumerate(chosen):
        pixels, maps = stock[i]
        predicted = {net: some[i] for net, some in answers.items()}
        seen = showing.coloured(pixels[..., :3].astype(np.float32) / (255 if pixels.dtype == np.uint8 else 1))
        where = differing.window(maps[0], list(predicted.values()))
        of_each = {net: float(v[number]) for net, v in each.items()}
        pictures.append(Picture(part.examples[i].picture.name, seen, maps[0], predicted, of_each, where))
    return Looked(tuple(pictures), readings, known.table)


def mious(row: Row) -> npt.NDArray[np.float64]:
    """(n,): of each picture the mean IoU of its classes, by the net's first training; nan where all is void."""
    from zorki.scores import Confusion

    matrices = row.runs[0].matrices
    return np.array([Confusion(matrices.shape[-1], one).miou for one in matrices])


def of_pictures(shown: Looked) -> blocks.Section:
    """Each picture whole, with truth and all predictions, then magnified where they differ most."""
    table, some = shown.table, list[blocks.Block]()
    some.append(blocks.Key(tuple(blocks.Swatch(n, c) for n, c in zip(table.names, table.colours, strict=True))))
    for it in shown.pictures:
        views = {"truth": it.truth, **it.predicted}
        words = {net: f"{net} {percent(v)}" for net, v in it.mious.items()}
        h, w = it.truth.shape
        k = min(1.0, showing.SIDE / max(h, w))
        hw = (max(1, round(h * k)), max(1, round(w * k)))
        small = io.resize(it.pixels, hw)
        whole = [np.rint(255 * np.clip(small, 0, 1)).astype(np.uint8)]
        whole += [preview.laid_over(small, showing.nearest(labels, hw), table) for labels in views.values()]
        names = ["picture", *(words.get(name, name) for name in views)]
        tiles = tuple(blocks.Tile(framed(p, it.window, k), n, f"{it.name}: {n}") for p, n in zip(whole, names, strict=True))
        some.append(blocks.Grid(tiles, f"{it.name}, with the mean IoU of its classes.", tile_width=160))
        part = it.window.cut(it.pixels)
        near = [np.rint(255 * np.clip(part, 0, 1)).astype(np.uint8)]
        near += [preview.laid_over(part, it.window.cut(labels), table) for labels in views.values()]
        cut = tuple(blocks.Tile(p, n, f"{it.name}, magnified: {n}") for p, n in zip(near, ["picture", *views], strict=True))
        where = "where the nets differ most, near an outline" if len(it.predicted) > 1 else "near an outline"
        said = f"The frame above, {it.window.side} pixels a side: {where}."
        some.append(blocks.Grid(cut, said, crisp=True, tile_width=100))
    several = len(shown.pictures[0].predicted) > 1
    ends = ("all do worst on", "they do best on") if several else ("it does worst on", "it does best on")
    lead = (
        f"{spelled_count(len(shown.pictures))} evenly apart between the one that {ends[0]}, which comes first, and the one that {ends[1]}."
    )
    return blocks.Section("pictures", "The same pictures" if several else "What it makes of pictures", lead, tuple(some))


def spelled_count(count: int) -> str:
    return {1: "One picture", 2: "Two pictures", 3: "Three pictures", 4: "Four pictures", 5: "Five pictures"}[count]


def framed(pixels: blocks.Pixels, window: Window, k: float) -> blocks.Pixels:
    """The same with a frame about a window, at `k` times its size."""
    out = pixels.copy()
    h, w = out.shape[:2]
    thick = max(1, round(max(h, w) / THICK))
    for inset, colour in enumerate(c for c in FRAME for _ in range(thick)):
        top, left = (min(round(k * v) + inset, n - 1) for v, n in ((window.top, h), (window.left, w)))
        bottom, right = (min(round(k * (v + window.side)) - 1 - inset, n - 1) for v, n in ((window.top, h), (window.left, w)))
        out[top, left : right + 1] = out[bottom, left : right + 1] = colour
        out[top : bottom + 1, left] = out[top : bottom + 1, right] = colour
    return out


def of_classes(found: Comparison, known: record.Record | None) -> blocks.Section:
    """The IoU of each class, net by net."""
    rows, ranked = list[tuple[blocks.Cell, ...]](), found.ranked
    several = len(ranked) > 1
    columns = ("class", *(row.net for row in ranked), *(("best",) if several else ()))
    each = np.array([row.iou for row in ranked])
    for k, name in enumerate(found.names):
        label: blocks.Cell = blocks.Swatch(name, known.table.colours[k]) if known is not None else name
        values = [None if math.isnan(v) else round(100 * float(v), 1) for v in each[:, k]]
        there = [v for v in values if v is not None]
        best = "absent" if not there else ranked[int(np.nanargmax(each[:, k]))].net if max(there) > 0 else "none"
        rows.append((label, *values, *((best,) if several else ())))
    rows.append(("mean", *(round(100 * row.miou, 1) for row in ranked), *((ranked[0].net,) if several else ())))
    sentence = f"The IoU of each class in %, the mean of the trainings{'; the best net first' if several else ''}."
    return blocks.Section("classes", "Class by class", "", (blocks.Table(columns, rows, sentence),))


def how(found: Comparison) -> blocks.Section:
    """What is the same for all, and what each got."""
    c, budget = found.config, found.budget
    kind = {"multiply-adds": "as many multiply-adds of learning", "time": "as much time to learn", "steps": "as many steps"}[c["budget"]]
    squares = f"squares of {c['side']} px"
    same = (
        f"the pictures learnt from and held back, the {squares} cut out of them and their order, the loss ({c['loss']}), the rate "
        f"({c['rate']:g}, falling along a cosine to 0), the encoder ({c['encoder']}) with its numbers, and in all other layers the random numbers of those "
        "of one shape."
    )
    alone = len(found.rows) == 1
    said = (
        f"Beside another it would get {kind}, and {same}"
        if alone
        else f"Each net got {kind} as any other. All the rest is the same: {same}"
    )
    rows = [of_one(e, share) for e, share in zip(budget.entrants, budget.shares, strict=True)]
    columns = ("net", "steps", f"{squares} a step", "multiply-adds a step", "in all", "time, as measured before", "memory to learn")
    memory = {row.net: _found.size(row.cost["learning"]) if row.runs else "–" for row in found.rows}
    words = "A step costs three times what looking at its squares costs: there, and twice as much back. Memory: of all maps held at once in a step, in float32."
    table = blocks.Table(columns, [(*row, memory[row[0]].replace(" ", "\u00a0")) for row in rows], words)
    return blocks.Section("how", "How it learnt" if alone else "How they were compared", said, (table,))


def of_one(e: Entrant, share: Share) -> tuple[Any, ...]:
    """A net's line in the table of what each got."""
    if e.failed:
        return e.net, None, None, None, None, None
    took = events.spoken(e.step_seconds * share.steps) if e.step_seconds else "–"
    return e.net, share.steps, e.batch, *together((short(e.multiply_adds), short(e.multiply_adds * share.steps), took))


def ways(found: Comparison, data: io.LabelledFolder, finished: bool) -> tuple[blocks.Section, ...]:
    """What one does with what was learnt."""
    if not finished or not found.ranked:
        return ()
    me = shlex.quote(f"{found.folder.name}/{found.ranked[0].runs[0].folder.name}")
    notes = (
        ("Each training is a network to go on with, as this one.", f"zorki segment predict PHOTO --model {me}"),
        ("Judge it in full.", f"zorki segment evaluate {shlex.quote(data.name)} --model {me} --out report.html"),
        ("Look inside.", f"zorki see maps PHOTO --model {me}\nzorki see maximize --model {me}"),
    )
    return (blocks.Section("on", "Go on from here", "", tuple(blocks.Note(text, command=line) for text, line in notes)),)
