"""A painting of the user's as a style of the brush: found again by its content, or else fitted and kept."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch

from zorki import io, pixels
from zorki.core import events
from zorki.core.errors import InputError
from zorki.nets.brush import Brush
from zorki.painting import brushwork, fitted, fitting, sitter
from zorki.weights.cards import Style
from zorki.wings.style import _taught

if TYPE_CHECKING:
    from zorki import lens

LEAST = 64  # the short side of a photo that is practised on: on a smaller one nothing can be learnt for others
_MARKS: WeakKeyDictionary[io.Photo, str] = WeakKeyDictionary()  # of a film each frame asks for the same painting's


def style_of(net: lens.Net, painting: io.Photo, photo: io.Photo, name: str | None) -> str:
    """The name of the style that paints like it; name: what it is to be called, not given: as the painting's file.

    Raises InputError for a name that is none or is taken, a painting too small to see a stroke in, and a network that is no brush; Stopped for
    a full disk.
    """
    if name is not None:
        refuse_none(name)
    if painting.alpha is not None and not painting.alpha.any():
        raise InputError(f"{painting.name} is transparent all over.", "A style is seen in what shows.", "Give another picture with --from.")
    known = [style.name for style in brushwork.opened(net)[1]]
    brush = net.inner
    assert isinstance(brush, Brush)  # `opened` has refused all else
    mark = _MARKS.get(painting) or _MARKS.setdefault(painting, io.marked(painting))
    same = [one for one in fitted.those_of(brush) if one.picture == mark]
    asked = name if name is not None else (same[0].style.name if same else _taught.name_of(painting.name))
    if any(one.style.name == asked for one in same):
        return asked
    refuse_taken(asked, known)
    rows = same[0].rows() if same else fit(net, _taught.looked_at(painting), photo)
    style = Style(asked, _taught.title_of(painting.name), f"your own, fitted to {painting.name}", "not stated")
    try:
        kept = fitted.keep(style, rows, brush, mark)
        events.note(f"The style {asked} is kept: --style={asked} paints with it from now on. It lies in {kept.path}.")
    except InputError as error:  # what was fitted paints all the same
        fitted.hold(style, rows, brush, mark)
        events.note(f"The style {asked} is not kept. {error.got}")
    return asked


def refuse_none(name: str) -> None:
    """Raises InputError for what is no style's name."""
    if name != _taught.name_of(name):
        raise InputError(
            f"--name={name!r} is no name for a style.", "It is of small letters, digits and -.", f"Write --name={_taught.name_of(name)}."
        )


def refuse_taken(name: str, known: list[str]) -> None:
    """Raises InputError for a name that another style of the network's or a file of the user's has."""
    path = next((path for path in fitted.files() if path.stem == name), None)
    if path is not None:
        do = f"Give another --name, or remove {path} if you need it no more."
        raise InputError(f"{name} is a style of yours already, of another painting or network.", "Each has a name of its own.", do)
    if name in known:
        raise InputError(f"{name} is a style already.", "Each has a name of its own.", f"Write --name=my-{name}, say.")


def fit(net: lens.Net, painting: torch.Tensor, photo: io.Photo) -> fitted.Rows:
    """The rows of a style that paints like it, with how far it is told."""
    shown = pixels.sizes.within(torch.from_numpy(photo.seen).permute(2, 0, 1)[None], _taught.SIDE)
    if min(shown.shape[-2:]) < LEAST:
        shown = sitter.picture(_taught.SIDE)
    events.note("A new style is fitted first; that takes less than a minute on most machines.")
    with net.alone():
        brush = copy.deepcopy(net.inner).cpu().float()
    assert isinstance(brush, Brush)
    return fitting.fit(brush, painting, shown, tell=lambda i, loss: events.tell("fit", i, fitting.STEPS, loss=loss))
