"""What a training leaves to be looked at: how it went, how good it is, where it fails, what it learnt, how to go on."""

from __future__ import annotations

import shlex
from dataclasses import replace

from zorki import blocks, formats, io, lens, weights
from zorki.core.names import plain
from zorki.explaining import clearest
from zorki.locating import boxed, choosing, judging, preview, record
from zorki.locating.judging import Judged
from zorki.train import curves
from zorki.train import page as frames
from zorki.wings.locate import _checked, _page

WORST = 12  # pictures
MEASURED = {
    "one": {"accuracy": "class right", "mean_iou": "mean IoU", "class_and_iou50": "class and box right"},
    "many": {"map50": "mAP at 0.5", "map": "mAP"},
}
FACTS = {"boxes": "boxes a picture", "encoder": "encoder", "box_loss": "box loss", "seed": "seed"}  # of a run's settings


def page(run: io.RunFolder, finished: bool, data: formats.Place) -> blocks.Page:
    """While it learns the curves and what it learns from; finished: also what came of it, judged on what was held back."""
    known, kind = record.read(run.folder), str(run.config.get("boxes", "many"))
    shell, learnt, chosen = frames.frame(run, known, FACTS), learning(run, known, kind), frames.chosen(run, known)
    if not finished:
        return replace(shell, sections=(learnt, chosen))
    net = lens.precise(weights.load_run(run.folder))
    read = boxed.boxed(data)
    judged = of_run(net, read)
    worst = _page.plates(judged, judged.worst[:WORST])
    found = (*_page.of_figures(judged), *_page.of_pictures(judged, worst), _page.of_data(judged))
    ways = frames.ways(commands(run, data, known))
    checked = (*_checked.of_faults(read), _checked.of_pictures(preview.tiles(read)))
    return replace(shell, lead=_page.verdict(judged), sections=(learnt, *found, *checked, *drawn(net, judged, run), chosen, ways))


def of_run(net: lens.Net, data: boxed.Boxed) -> Judged:
    """Judged on what was held back from the training; a net of one box, on pictures that have one."""
    part, _ = choosing.part(net, data, "val")
    return judging.judged(net, part, learnt=choosing.learnt(net, data))


def learning(run: io.RunFolder, known: record.Record | None, kind: str) -> blocks.Section:
    """Loss, figures on what was held back, of many boxes also of each class, and the rate."""
    rows, measured, names = run.figures(), MEASURED[kind], known.classes.names if known is not None else ()
    said = "On the pictures that were held back, with the moving average of the weights."
    own = [curves.curve(frames.percents(rows, measured), measured, "%", said), frames.by_class(rows, "ap50", names, 2, "AP at 0.5 in %")]
    return frames.learning(run, rows, measured, own)


def drawn(net: lens.Net, judged: Judged, run: io.RunFolder) -> tuple[blocks.Section, ...]:
    """What a net of one box looks for in each class, drawn from nothing, as many as there is time for: those first of which there is most."""
    if judged.kind != "one" or not net.classes:
        return ()
    often = sorted(judged.by_class, key=lambda name: -judged.by_class[name]["boxes"])
    own = {plain(name): n for n, name in enumerate(net.classes)}
    return (clearest.section(net, [(own[plain(name)], name) for name in often if plain(name) in own], run.name),)


def commands(run: io.RunFolder, data: formats.Place, known: record.Record | None) -> list[blocks.Block]:
    """What one does with a run."""
    me = shlex.quote(run.name)
    name = known.classes.names[-1] if known is not None else "1"
    ways = [
        ("Find things in a picture, in a folder or in a film.", f"zorki locate predict PHOTO --model {me}"),
        ("Judge it on other pictures with boxes.", f"zorki locate evaluate {shlex.quote(data.name)} --model {me} --out report.html"),
        ("Ask which parts of a photo it goes by, what its layers see, what they answer to.",
         f"zorki see attribution PHOTO --model {me}\nzorki see maps PHOTO --model {me}\nzorki see maximize --model {me} --layer encoder.{last(run)}"),
    ]  # fmt: skip
    if str(run.config.get("boxes")) == "one":
        one = shlex.quote(f"class:{name}")
        ways.append((f"Draw what it takes for {name} at its clearest.", f"zorki see maximize --model {me} --goal {one}"))
    return [blocks.Note(text, command=command) for text, command in ways]


def last(run: io.RunFolder) -> str:
    """The name of the encoder's deepest map."""
    from zorki.nets import encoders

    name = str(run.config.get("encoder", "eye"))
    return encoders.encoder(name).taps[-1] if name in encoders.names() else "layer"
