"""`zorki tour PHOTO`."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from cyclopts import Parameter

from zorki.cli import terminal
from zorki.core.spelling import on_command_line
from zorki.jobs import interrupt
from zorki.weights.cards import DEFAULT


def tour(
    photo: Annotated[str, Parameter(help="your photo")],
    /,
    *,
    style: Annotated[str | None, Parameter(help="a picture to paint it after; not given: one that Zorki makes")] = None,
    photos: Annotated[
        tuple[str, ...],
        Parameter(negative=(), help="many photographs (a folder, a zip, a pattern): which of them excite the channels most"),
    ] = (),
    model: Annotated[str, Parameter(help="a shipped name, or file.py:function that returns an nn.Module")] = DEFAULT,
    weights: Annotated[str | None, Parameter(help="a state dict for it")] = None,
    within: Annotated[
        float | None,
        Parameter(help="seconds that all may take, what --photos needs on top; not given: 60, with --long as long as it takes"),
    ] = None,
    long: Annotated[
        bool, Parameter(negative=(), help="also what takes minutes: attribution by every way, every channel of a layer")
    ] = False,
    out: Annotated[
        str | None, Parameter(name=["--out", "-o"], help="folder for the page; not given: one named after the photo, here")
    ] = None,
    force: Annotated[bool, Parameter(negative=(), help="replace a page that exists")] = False,
    section: Annotated[tuple[str, ...], Parameter(negative=(), help="only this section; may be given several times")] = (),
    seed: Annotated[int, Parameter(help="the same number gives the same pictures")] = 0,
    device: Annotated[str, Parameter(help="auto, cpu, cuda, cuda:N or mps")] = "auto",
    dtype: Annotated[Literal["auto", "float32", "bfloat16"], Parameter(help="what is drawn with")] = "auto",
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="one JSON value on stdout, at the end")] = False,
    events: Annotated[str | None, Parameter(help="a file that gets JSON lines while it works")] = None,
    quiet: Annotated[bool, Parameter(negative=(), help="no progress")] = False,
    limit: Annotated[int | None, Parameter(help="most pixels that a picture may have (200 million)")] = None,
    range_: Annotated[
        str | None,
        Parameter(name="--range", allow_leading_hyphen=True, help="the stored numbers that are black and white, as 0,4095, or auto"),
    ] = None,
) -> None:
    """The lecture on your own photo: what a network sees in it, keeps of it, dreams of it, and how it paints it. One page."""
    began = time.monotonic()
    with terminal.watched(quiet, events):
        from zorki.guided import call

        walk = call.begun(
            photo, style=style, photos=photos, model=model, weights=weights, within=within, long=long, out=out, force=force,
            section=section, seed=seed, device=device, dtype=dtype, limit=limit, range=range_, writing=interrupt.undisturbed,
        )  # fmt: skip
        try:
            with interrupt.undisturbed(), walk, interrupt.awaited():  # the page is finished before anything ends
                walk.go()
        except KeyboardInterrupt as stop:
            raise interrupt.said(stop, f"The page holds what was done: {walk.page}") from None
        made = call.made(walk, on_command_line)
    answer = {
        "command": ["tour"],
        "out": [str(made.path)],
        "seconds": round(time.monotonic() - began, 2),
        "sections": made.seconds,
        "skipped": made.skipped,
        "cut": made.cut,
    }
    if photos:
        answer["failed"] = [{"photo": name, "why": why} for name, why in made.failed]
    terminal.answer([str(made.path)], answer if json_ else None)
    if made.failed and walk.guide.photos is not None:
        from zorki.jobs.outcome import some_failed

        raise some_failed(made.failed, len(walk.guide.photos), "the page is made of the others")
