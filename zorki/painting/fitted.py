"""Styles that a person fitted to a brush, on their disk: a small file each, and the brush with these styles beside its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from zorki import io
from zorki.core import events, folders
from zorki.core.errors import InputError
from zorki.nets.brush import Brush, of_styles
from zorki.weights.cards import Style

Rows = Mapping[str, torch.Tensor]
"""A style: of each parameter that has a row for each style, one row (c,)."""
FIELDS = ("name", "title", "source", "licence")


@dataclass(frozen=True, eq=False)
class Fitted:
    """style: how it is listed. brush: the mark of the brush that it fits. picture: the mark of the picture that it was fitted to."""

    style: Style
    brush: str
    picture: str
    path: Path
    held: Rows | None = None
    "its rows, where there is no file"

    def rows(self) -> Rows:
        """Raises InputError for a damaged file."""
        if self.held is not None:
            return self.held
        try:
            with safe_open(self.path, "pt") as f:
                return {k: f.get_tensor(k) for k in f.keys()}  # noqa: SIM118  # it is no mapping
        except (SafetensorError, OSError) as error:
            raise damaged(self.path) from error


UNKEPT: list[Fitted] = []  # of a user without a home
# by the brush of a network: what was found last, and what it was last joined with
_FOUND: WeakKeyDictionary[Brush, tuple[Any, tuple[Fitted, ...]]] = WeakKeyDictionary()
_JOINED: WeakKeyDictionary[Brush, tuple[tuple[Fitted, ...], Brush]] = WeakKeyDictionary()


def folder() -> Path | None:
    """Where they lie; None for a user without a home."""
    data = folders.data()
    return None if data is None else data / "styles"


def mark(brush: Brush) -> str:
    """Of all that the styles of a brush share: a style fits the brush whose mark it bears."""
    digest = hashlib.blake2b(digest_size=8)
    for name, value in sorted(brush.state_dict().items()):
        shared = value[:1] if name.endswith((".gamma", ".beta")) else value
        if shared is not value or not of_styles(name):
            digest.update(name.encode() + shared.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()


def files() -> list[Path]:
    """Of all the user's styles, by name."""
    where = folder()
    return [] if where is None or not where.is_dir() else sorted(where.glob("*.safetensors"))


def read(path: Path) -> Fitted:
    """What its file says of it. Raises InputError for a damaged file."""
    try:
        with safe_open(path, "pt") as f:
            said = f.metadata() or {}
        return Fitted(Style(**{k: said[k] for k in FIELDS}), said["brush"], said["picture"], path)
    except (SafetensorError, OSError, KeyError) as error:
        raise damaged(path) from error


def damaged(path: Path) -> InputError:
    return InputError(
        f"{path} is no fitted style, or a damaged one.",
        "Such a file is what `zorki style apply` keeps of a style that it fitted.",
        "Remove it, and fit it again.",
    )


def keep(style: Style, rows: Rows, brush: Brush, picture: str, force: bool = False) -> Fitted:
    """Writes it, whole or not at all. Raises InputError without a home, for a name that is no file's, and for one that is taken (without force)."""
    where = folder()
    if where is None:
        raise InputError("A fitted style has no place to be kept.", "There is no home folder.", "Set HOME.")
    path = where / f"{style.name}.safetensors"
    if path.parent != where or not style.name or style.name.startswith(".") or any(c in style.name for c in ",:/\\"):
        raise InputError(f"--name={style.name} is no name for a style.", "It has no comma, colon or slash.", "Give another.")
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{where} cannot be made: {error.strerror}.", "Fitted styles are kept there.", "Look at its rights.") from error
    arrays = {k: v.detach().float().cpu().contiguous() for k, v in rows.items()}
    said = {k: getattr(style, k) for k in FIELDS} | {"brush": mark(brush), "picture": picture}
    with io.atomic(path, force) as part:
        part.write_bytes(save(arrays, said))  # save_file has an error of its own for a full disk
    return read(path)


def hold(style: Style, rows: Rows, brush: Brush, picture: str) -> Fitted:
    """Has it among the user's styles as long as this process lives, where there is no place for a file."""
    UNKEPT.append(Fitted(style, mark(brush), picture, Path(), {k: v.detach().float().cpu() for k, v in rows.items()}))
    return UNKEPT[-1]


def those_of(brush: Brush) -> tuple[Fitted, ...]:
    """The user's styles that fit this brush; looked for anew only where they, or its numbers, are others by now: a film asks at each frame.

    A damaged file is named and left out: the others paint without it.
    """
    stamps = tuple((path, (said := path.stat()).st_mtime_ns, said.st_size) for path in files())
    if not (stamps or UNKEPT):
        return ()
    key = (stamps, tuple(UNKEPT), tuple((p.data_ptr(), 0 if p.is_inference() else p._version) for p in brush.parameters()))
    last = _FOUND.get(brush)
    if last is None or last[0] != key:
        known = mark(brush)
        last = _FOUND[brush] = key, tuple(one for one in (*readable(), *UNKEPT) if one.brush == known)
    return last[1]


def readable() -> Iterator[Fitted]:
    """All that have a file; of a damaged one a note."""
    for path in files():
        try:
            yield read(path)
        except InputError as error:
            events.note(error.written)


def joined(brush: Brush, own: tuple[Fitted, ...]) -> Brush:
    """The brush with these of `those_of` behind its own styles; made once, and the brush itself where there are none."""
    last = _JOINED.get(brush)
    if own and (last is None or last[0] != own):
        last = _JOINED[brush] = own, with_rows(brush, [one.rows() for one in own])
    return last[1] if own and last is not None else brush


def with_rows(brush: Brush, styles: Sequence[Rows], alone: bool = False) -> Brush:
    """Another brush that has these styles behind its own, or alone; all else is the same. Raises InputError for rows of another shape."""
    with torch.random.fork_rng(devices=[]):
        made = Brush(**brush.sizes() | {"styles": len(styles) + (0 if alone else brush.styles)})
    state = {k: v.detach().clone() for k, v in brush.state_dict().items()}
    for name, own in brush.vectors().items():
        rows = [row[name] for row in styles if name in row]
        if len(rows) != len(styles) or any(row.shape != own.shape[1:] for row in rows):
            raise InputError("A fitted style is of another brush.", "It fits the one that it was fitted to.", "Fit it again with --from.")
        photo = state[name][:1] if len(state[name]) > brush.styles else own[:0]
        state[name] = torch.cat([photo, *([] if alone else [own]), torch.stack([r.to(own) for r in rows])])
    made.load_state_dict(state)
    made = made.to(next(brush.parameters()))
    return made.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
