"""`zorki tour PHOTO`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from zorki.cli import interrupt, terminal
from zorki.cli.many import quote, some_failed
from zorki.core.errors import InputError


def tour(
    photo: Annotated[str, Parameter(help="your photo")],
    /,
    *,
    style: Annotated[str | None, Parameter(help="a picture to paint it after; not given: one that Zorki makes")] = None,
    photos: Annotated[
        tuple[str, ...],
        Parameter(negative=(), help="many photographs (a folder, a zip, a pattern): which of them excite the channels most"),
    ] = (),
    model: Annotated[str, Parameter(help="a shipped name, or file.py:function that returns an nn.Module")] = "eye",
    weights: Annotated[str | None, Parameter(help="a state dict for it")] = None,
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
        from zorki import io, studio
        from zorki.core import events as happenings
        from zorki.tour.guide import Guide, namer, shrunk
        from zorki.tour.walk import Walk, planned

        planned(long, section, bool(photos))  # a wrong name is told before anything is opened
        how: dict[str, Any] = {"limit": limit, "range": range_}
        many = io.PhotoSet(list(photos), **how) if photos else None
        opened = io.open_photo(photo, **how)
        painting = None if style is None else io.open_photo(style, **how)
        for sentence in (*opened.notes, *(painting.notes if painting else ())):
            happenings.note(sentence)
        folder = Path(out) if out is not None else io.free_path(Path(f"{Path(opened.name).stem or 'photo'}.tour"))
        page = folder / "index.html"
        if page.exists() and not force:
            raise InputError(f"{page} exists.", "Nothing is replaced unasked.", "Give another --out, or --force.")
        net = studio.load(model, weights=weights, device=device, dtype=dtype)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise InputError(f"--out {folder} cannot be made: {e.strerror}.") from e
        if painting is None:
            from zorki.pixels.flow import painting as flowing

            made = folder / "flow.png" if force else io.free_path(folder / "flow.png")
            with interrupt.undisturbed():
                painting = io.open_photo(io.save_photo(made, flowing(), force=force))
        guide = Guide(net, shrunk(opened), shrunk(painting), long=long, seed=seed, namer=namer(net, device), photos=many)
        h, w = opened.pixels.shape[:2]
        walk = Walk(
            guide,
            page,
            facts=(("photo", f"{opened.name}, {w} × {h}"), ("network", net.name), ("command", f"zorki tour {quote(Path(opened.name))}")),
        )
        try:
            with interrupt.awaited():
                walk.go(section)
        except KeyboardInterrupt as stop:
            raise interrupt.said(stop, f"The page holds what was done: {page}") from None
    answer = {
        "command": ["tour"],
        "out": [str(page)],
        "seconds": round(time.monotonic() - began, 2),
        "sections": walk.seconds,
        "skipped": walk.skipped,
    }
    missing = [] if many is None else many.missing
    if many is not None:
        answer["failed"] = [{"photo": name, "why": why} for name, why in missing]
    terminal.answer([str(page)], answer if json_ else None)
    if missing and many is not None:
        raise some_failed(missing, len(many), "the page is made of the others")
