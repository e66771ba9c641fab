"""What a training leaves to be looked at: how it went, how good it is, where it fails, what it learnt, how to go on."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from zorki import blocks, formats, io, lens, weights
from zorki.explaining import clearest
from zorki.locating import boxed, choosing, judging, matching, preview, record
from zorki.locating.judging import Judged
from zorki.train import curves
from zorki.train.deciding import decided
from zorki.wings.locate import _checked, _page

WORST = 12  # pictures
LINES = 6  # curves of classes that can be told apart
HIDDEN = ("followed", "classes", "pictures", "halved")  # of a run's settings: what the page shows elsewhere
MEASURED = {
    "one": {"accuracy": "class right", "mean_iou": "mean IoU", "class_and_iou50": "class and box right"},
    "many": {"map50": "mAP at 0.5", "map": "mAP"},
}
FIRST = {"one": "class_and_iou50", "many": "map50"}


def page(run: io.RunFolder, finished: bool, data: formats.Place) -> blocks.Page:
    """While it learns the curves and what it learns from; finished: also what came of it, judged on what was held back."""
    rows, known = run.figures(), record.read(run.folder)
    kind = str(run.config.get("boxes", "many"))
    learnt = blocks.Section("learning", "How it learnt", told(rows, kind), tuple(curved(run, rows, known, kind)))
    ways = blocks.Section("on", "Go on from here", "Each of these is one command.", tuple(commands(run, data, known)))
    chosen = decided(run.config, {} if known is None else known.decided, HIDDEN)
    shell = blocks.Page(
        title=f"What {run.name} learnt", lead="", sections=(), foot=_page.FOOT,
        facts=(("pictures learnt from", str(len(known.train)) if known else "–"), ("held back", str(len(known.val)) if known else "–"), *facts(run)),
    )  # fmt: skip
    if not finished:
        lead = "It is learning, or was broken off. How good it is, and where it fails, comes here in the end."
        return replace(shell, lead=lead, sections=(learnt, chosen))
    net = lens.precise(weights.load_run(run.folder))
    read = boxed.boxed(data)
    judged = of_run(net, read)
    worst = _page.plates(judged, judged.worst[:WORST])
    found = (*_page.of_figures(judged), *_page.of_pictures(judged, worst), _page.of_data(judged))
    checked = (*_checked.of_faults(read), _checked.of_pictures(preview.tiles(read)))
    return replace(shell, lead=_page.verdict(judged), sections=(learnt, *found, *checked, *drawn(net, judged, run), chosen, ways))


def of_run(net: lens.Net, data: boxed.Boxed) -> Judged:
    """Judged on what was held back from the training; a net of one box, on pictures that have one."""
    part, _ = choosing.part(net, data, "val")
    return judging.judged(net, part)


def told(rows: list[dict[str, Any]], kind: str) -> str:
    """The best of what was measured on the way."""
    best = min((row for row in rows if curves.finite(row.get("worth"))), key=lambda row: row["worth"], default=None)
    if best is None:
        return "It has not been judged yet."
    said = ", ".join(f"{title} {_page.percent(best[key])}" for key, title in MEASURED[kind].items() if curves.finite(best.get(key)))
    return f"The best weights are those of step {best['step']:,}: {said} on the pictures that were held back."


def curved(run: io.RunFolder, rows: list[dict[str, Any]], known: record.Record | None, kind: str) -> list[blocks.Block]:
    """Loss, figures on what was held back, of many boxes also of each class, and the rate."""
    measured = MEASURED[kind]
    percents = [row | {k: 100 * row[k] for k in measured if curves.finite(row.get(k))} for row in rows if curves.finite(row.get("worth"))]
    names = known.classes.names if known is not None else ()
    each = [
        {"step": row["step"]} | dict(zip(names, [None if v is None else 100 * v for v in row.get("ap50") or ()], strict=False))
        for row in percents
    ]
    last = each[-1] if each else {}
    least = sorted((n for n in names if curves.finite(last.get(n))), key=lambda n: float(last[n]))[:LINES]
    few = f"the {LINES} that are found least" if len(names) > LINES else "of each class"
    found = [
        curves.losses(rows, (*measured, "ended")),
        curves.curve(percents, measured, "%", "On the pictures that were held back, with the moving average of the weights."),
        curves.curve(each, {name: name for name in least}, "AP at 0.5 in %", f"The same, {few}.") if len(least) > 1 else None,
        curves.rate(run.config, rows[-1]["step"] if rows else 0),
    ]
    return [one for one in found if one is not None] or [blocks.Note("Nothing was measured yet.")]


def facts(run: io.RunFolder) -> tuple[tuple[str, str], ...]:
    said = {"boxes": "boxes a picture", "encoder": "encoder", "box_loss": "box loss", "seed": "seed"}
    return tuple((title, str(run.config[key])) for key, title in said.items() if key in run.config)


def drawn(net: lens.Net, judged: Judged, run: io.RunFolder) -> tuple[blocks.Section, ...]:
    """What a net of one box looks for in each class, drawn from nothing, as many as there is time for: those first of which there is most."""
    if judged.kind != "one" or not net.classes:
        return ()
    often = sorted(judged.by_class, key=lambda name: -judged.by_class[name]["boxes"])
    own = {matching.plain(name): n for n, name in enumerate(net.classes)}
    return (clearest.section(net, [(own[matching.plain(name)], name) for name in often if matching.plain(name) in own], run.name),)


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
