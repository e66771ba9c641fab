"""What a training of a segmenter leaves to be looked at: how it went, how good it is, where it fails, what it learnt, how to go on."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from zorki import blocks, io, lens, weights
from zorki.explaining import clearest
from zorki.segmenting import choosing, judging, matching, record
from zorki.segmenting.judging import Judged
from zorki.segmenting.table import Table
from zorki.train import curves
from zorki.train.deciding import decided
from zorki.wings.segment import _page

WORST = 12  # pictures
LINES = 6  # curves of classes that can be told apart
HIDDEN = ("followed", "classes", "pictures", "halved")  # of a run's settings: what the page shows elsewhere


def page(run: io.RunFolder, finished: bool, data: io.LabelledFolder) -> blocks.Page:
    """While it learns the curves and what the masks mean; finished: also what came of it, judged on what was held back."""
    rows, known = run.figures(), record.read(run.folder)
    learnt = blocks.Section("learning", "How it learnt", told(rows), tuple(curved(run, rows, known)))
    ways = blocks.Section("on", "Go on from here", "Each of these is one command.", tuple(commands(run, data, known)))
    chosen = decided(run.config, {} if known is None else known.decided, HIDDEN)
    shell = blocks.Page(
        title=f"What {run.name} learnt", lead="", sections=(), foot=_page.FOOT,
        facts=(("pictures learnt from", str(len(known.train)) if known else "–"), ("held back", str(len(known.val)) if known else "–"), *facts(run)),
    )  # fmt: skip
    if not finished:
        meanings = (meaning(known.table),) if known is not None else ()
        return replace(
            shell,
            lead="It is learning, or was broken off. How good it is, and where it fails, comes here in the end.",
            sections=(learnt, *meanings, chosen),
        )
    net = lens.precise(weights.load_run(run.folder))
    judged = of_run(net, data)
    worst = _page.plates(net, judged, judged.worst[:WORST])
    found = (*_page.of_figures(judged), *_page.of_pictures(net, judged, worst), _page.of_data(judged))
    return replace(shell, lead=_page.verdict(judged), sections=(learnt, *found, drawn(net, judged, run), chosen, ways))


def of_run(net: lens.Net, data: io.LabelledFolder) -> Judged:
    """Judged on what was held back from the training."""
    part, _ = choosing.part(net, data, "val")
    return judging.judged(net, matching.matched(part.table, True, net.classes, judging.counted(net, part), net.name), part)


def told(rows: list[dict[str, Any]]) -> str:
    """The best of what was measured on the way."""
    best = max((row for row in rows if curves.finite(row.get("miou"))), key=lambda row: row["miou"], default=None)
    if best is None:
        return "It has not been judged yet."
    return f"The best weights are those of step {best['step']:,}: mIoU {_page.percent(best['miou'])} on the pictures that were held back."


def curved(run: io.RunFolder, rows: list[dict[str, Any]], known: record.Record | None) -> list[blocks.Block]:
    """Loss, mIoU on what was held back, of each class, and the rate."""
    percents = [
        row | {"miou": 100 * row["miou"], "mean dice": None if row.get("dice") is None else 100 * row["dice"]}
        for row in rows
        if curves.finite(row.get("miou"))
    ]
    names = known.table.names if known is not None else ()
    each = [
        {"step": row["step"]} | dict(zip(names, [None if v is None else 100 * v for v in row.get("iou") or ()], strict=False))
        for row in percents
    ]
    last = each[-1] if each else {}
    least = sorted((n for n in names if curves.finite(last.get(n))), key=lambda n: float(last[n]))[:LINES]
    few = f"the {LINES} that are found least" if len(names) > LINES else "of each class"
    found = [
        curves.losses([{k: v for k, v in row.items() if not ("miou" in row and k == "dice")} for row in rows], ("miou", "mean dice", "ended")),
        curves.curve(percents, {"miou": "mIoU", "mean dice": "Dice"}, "%", "On the pictures that were held back, at their own size, with the moving average of the weights."),
        curves.curve(each, {name: name for name in least}, "IoU in %", f"The same, {few}.") if len(names) > 2 else None,
        curves.rate(run.config, rows[-1]["step"] if rows else 0),
    ]  # fmt: skip
    return [one for one in found if one is not None] or [blocks.Note("Nothing was measured yet.")]


def facts(run: io.RunFolder) -> tuple[tuple[str, str], ...]:
    said = {"net": "net", "encoder": "encoder", "loss": "loss", "seed": "seed"}
    return tuple((title, str(run.config[key])) for key, title in said.items() if key in run.config)


def meaning(table: Table) -> blocks.Section:
    """What the masks' values mean, before anything is judged."""
    rows = tuple((blocks.Swatch(name, colour) if colour else name, value, share) for value, _, name, colour, share in table.rows())
    return blocks.Section(
        "data",
        "The data",
        " ".join(table.said),
        (blocks.Table(("class", "in the masks", "of the pixels"), rows, "What the masks' values mean."),),
    )


def drawn(net: lens.Net, judged: Judged, run: io.RunFolder) -> blocks.Section:
    """What it looks for in each class, drawn from nothing: as many classes as there is time for, what is behind things last."""
    order = [n for n in range(int(judged.matched.background), judged.known) if judged.matched.order[n] >= 0 and judged.confusion.true[n]]
    return clearest.section(net, [(judged.matched.order[n], judged.names[n]) for n in order], run.name)


def commands(run: io.RunFolder, data: io.LabelledFolder, known: record.Record | None) -> list[blocks.Block]:
    """What one does with a run."""
    me = shlex.quote(run.name)
    names = [] if known is None else list(known.table.names)
    one = shlex.quote(f"class:{names[-1]}" if names else "class:1")
    ways = (
        ("Give every pixel of a picture, of a folder or of a film its class.", f"zorki segment predict PHOTO --model {me}"),
        ("Judge it on other pictures with masks.", f"zorki segment evaluate {shlex.quote(data.name)} --model {me} --out report.html"),
        ("Ask which parts of a photo a class goes by, what its layers see, what they answer to.",
         f"zorki see attribution PHOTO --model {me} --class {shlex.quote(names[-1] if names else '1')}\nzorki see maps PHOTO --model {me}\nzorki see maximize --model {me} --goal {one}"),
    )  # fmt: skip
    return [blocks.Note(text, command=command) for text, command in ways]
