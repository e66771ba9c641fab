"""A tour from names to its page: what `zorki.tour` and the command call."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zorki import blocks, io, jobs, report
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.folders import at_home, typed
from zorki.core.spelling import Spelling, in_python
from zorki.guided import parts
from zorki.guided.guide import Guide, namer, shrunk
from zorki.guided.walk import Walk, command
from zorki.weights.cards import DEFAULT

WITHIN = 60  # seconds that a tour may take, unless it is a long one


@dataclass(frozen=True)
class Tour:
    """A page that was made, and lies at `path`. blocks: what it holds; seconds: by section; skipped: what was left out; cut: what shows less
    than it could in a longer time; failed: photographs that could not be read. Each with its reason.
    """

    path: Path
    blocks: blocks.Page = field(repr=False)
    seconds: dict[str, float]
    skipped: dict[str, str]
    cut: dict[str, str]
    failed: list[tuple[str, str]] = field(default_factory=list)

    def html(self) -> str:
        return report.render(self.blocks)

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the page to another file; what exists stays unless force. Raises InputError, Stopped."""
        io.atomic_write(at_home(path), self.html(), force)
        return at_home(path)

    def _repr_html_(self) -> str:
        return report.notebook_html(self.blocks)


def tour(photo: Any, **given: Any) -> Tour:
    """The lecture on your own photo, on one page: what a network sees in it, keeps of it, dreams of it, and how it paints it.

    photo, style: files, arrays, tensors, Pillow images; style: not given, one that Zorki makes. photos: many photographs, of which those are shown
    that excite the channels most. model, weights, device, dtype: as of `zorki.load`. long: also what takes minutes. within: seconds that
    all may take (what `photos` needs comes on top); not given: 60, or as long as it takes when `long`. section: only these. out: the page's
    folder; not given: one named after the photo, here. limit: most pixels of a picture. range: the stored numbers that are black and white.

    Returns the page with its path; in a notebook it shows itself. The page is there at once and grows; what reached it stays there, whatever
    ends it early. Raises InputError, UnknownName, WeightsError, Stopped.
    """
    with begun(photo, **given) as walk:
        walk.go()
    return made(walk)


def made(walk: Walk, spelling: Spelling = in_python) -> Tour:
    """What a walk that has ended leaves, with the reasons in the words of whoever called it."""
    photos, skipped = walk.guide.photos, {name: spelling(why) for name, why in walk.skipped.items()}
    return Tour(walk.page, walk.shown(), walk.seconds, skipped, walk.cut, [] if photos is None else photos.missing)


def begun(
    photo: Any,
    *,
    style: Any = None,
    photos: Any = (),
    model: Any = DEFAULT,
    weights: str | Path | None = None,
    long: bool = False,
    within: float | None = None,
    out: str | Path | None = None,
    force: bool = False,
    section: str | Sequence[str] = (),
    seed: int = 0,
    device: str = "auto",
    dtype: str = "auto",
    limit: int | None = None,
    range: Any = None,
    writing: Any = nullcontext,
) -> Walk:
    """All that a `tour` needs, opened; nothing is on the page yet. writing: what guards the writing of a file, for Ctrl-C."""
    began = time.monotonic()
    if within is not None and not (math.isfinite(within) and within > 0):
        raise InputError(
            f"--within is {within:g}.", "It is the seconds that all may take, more than none.", "Write --within=60, or leave it out."
        )
    only = [section] if isinstance(section, str) else list(section)
    wanted = parts.sections(long, only, bool(photos))  # a wrong name is told before anything is opened
    how: dict[str, Any] = {"limit": limit, "range": range}
    many = photos if isinstance(photos, io.PhotoSet) else io.PhotoSet(photos, **how) if photos else None
    opened = io.open_photo(photo, **how)
    painting = None if style is None else io.open_photo(style, **how)
    for sentence in (*opened.notes, *(painting.notes if painting else ())):
        events.note(sentence)
    folder = folder_for(opened, out, force)
    net = jobs.load(model, weights=weights, device=device, dtype=dtype)
    if painting is None:
        from zorki.guided.own_style import painting as flowing

        flow = folder / "flow.png" if force else io.free_path(folder / "flow.png")
        with writing():
            painting = io.open_photo(io.save_photo(flow, flowing(), force=force))
    guide = Guide(net, shrunk(opened), shrunk(painting), long=long, seed=seed, namer=namer(net, device), photos=many, given=opened.hw)
    named = model if isinstance(model, str) else net.name
    options: dict[str, Sequence[str]] = {
        "--style": () if style is None else (Path(painting.name).name,),
        "--photos": () if many is None else (many.names,) if isinstance(many.names, str) else many.names,
        "--model": () if named == DEFAULT else (named,),
        "--weights": () if weights is None else (str(weights),),
        "--seed": (str(seed),) if seed else (),
        "--dtype": () if dtype == "auto" else (dtype,),
        "--range": () if range is None else (str(io.span_text(range)),),
    }
    words = [typed(Path(opened.name).name), *(word for flag in options for one in options[flag] for word in (flag, typed(one)))]
    words += ["--long"] if long else []
    h, w = opened.pixels.shape[:2]
    facts = (("photo", f"{opened.name}, {w} × {h}"), ("network", net.name), ("command", command(words, only, within)))
    made = [parts.Part.of(name, module, guide, bool(only)) for name, module in wanted]
    return Walk(guide, folder / "index.html", made, words, math.inf if within is None and long else within or WITHIN, began, facts)


def folder_for(photo: io.Photo, out: str | Path | None, force: bool) -> Path:
    """The page's folder, made. Raises InputError where a page is there already."""
    folder = at_home(out) if out is not None else io.free_path(Path(f"{Path(photo.name).stem or 'photo'}.tour"))
    page = folder / "index.html"
    if page.exists() and not force:
        raise InputError(f"{page} exists.", "Nothing is replaced unasked.", "Give another --out, or --force=True.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise InputError(f"--out={folder} cannot be made: {e.strerror}.", "It is the folder for the page.", "Choose another.") from e
    return folder


# Editors and `help` show the options.
_given = inspect.signature(begun)
tour.__signature__ = _given.replace(  # type: ignore[attr-defined]
    parameters=[p for p in _given.parameters.values() if p.name != "writing"], return_annotation="Tour"
)
