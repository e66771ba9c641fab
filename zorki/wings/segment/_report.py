"""What a training of a segmenter leaves to be looked at: how it went, how good it is, where it fails, what it learnt, how to go on."""

from __future__ import annotations

import shlex
from dataclasses import replace

from zorki import blocks, io, lens, weights
from zorki.explaining import clearest
from zorki.segmenting import choosing, judging, matching, record
from zorki.segmenting.judging import Judged
from zorki.segmenting.table import Table
from zorki.train import curves
from zorki.train import page as frames
from zorki.wings.segment import _page

WORST = 12  # pictures
FACTS = {"net": "net", "encoder": "encoder", "loss": "loss", "seed": "seed"}  # of a run's settings


def page(run: io.RunFolder, finished: bool, data: io.LabelledFolder) -> blocks.Page:
    """While it learns the curves and what the masks mean; finished: also what came of it, judged on what was held back."""
    known = record.read(run.folder)
    shell, learnt, chosen = frames.frame(run, known, FACTS), learning(run, known), frames.chosen(run, known)
    if not finished:
        return replace(shell, sections=(learnt, *([meaning(known.table)] if known is not None else []), chosen))
    net = lens.precise(weights.load_run(run.folder))
    judged = of_run(net, data)
    worst = _page.plates(net, judged, judged.worst[:WORST])
    found = (*_page.of_figures(judged), *_page.of_pictures(net, judged, worst), _page.of_data(judged))
    ways = frames.ways(commands(run, data, known))
    return replace(shell, lead=_page.verdict(judged), sections=(learnt, *found, drawn(net, judged, run), chosen, ways))


def of_run(net: lens.Net, data: io.LabelledFolder) -> Judged:
    """Judged on what was held back from the training."""
    part, _ = choosing.part(net, data, "val")
    return judging.judged(net, matching.matched(part.table, True, net.classes, judging.counted(net, part), net.name), part)


def learning(run: io.RunFolder, known: record.Record | None) -> blocks.Section:
    """Loss, mIoU and mean Dice on what was held back, mIoU of each class, and the rate."""
    rows = [
        {"mean dice" if "miou" in row and k == "dice" else k: v for k, v in row.items()} for row in run.figures()
    ]  # Dice is a loss, too
    names, shown = known.table.names if known is not None else (), {"miou": "mIoU", "mean dice": "Dice"}
    said = "On the pictures that were held back, at their own size, with the moving average of the weights."
    own = [
        curves.curve(frames.percents(rows, shown), shown, "%", said),
        frames.by_class(rows, "iou", names, 1, "IoU in %") if len(names) > 2 else None,
    ]
    return frames.learning(run, rows, {"miou": "mIoU"}, own, ["mean dice"])


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
