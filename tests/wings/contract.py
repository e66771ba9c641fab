"""What every method must keep, as far as several tests ask for it: one of its own jobs with small pictures, and what must come of it."""

from __future__ import annotations

import functools
import itertools
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from tests import zoo
from tests.toys import toy
from zorki import io, jobs, lens
from zorki.core.method import Input
from zorki.jobs.methods import Method, method, methods, wings

ALL = [method(w, m) for w in wings() for m in methods(w)]
SHOWN = [m for m in ALL if m.gives in ("drawn", "measured") and m.nets and m.task in (None, "classify")]  # of the toy network, as pictures
CLIMBS = [m for m in SHOWN if m.climbs]
FEW = {"steps": 3, "size": 48, "channel": "0-2", "octaves": 2, "samples": 2}  # options that make a test quick, where a method has them
HOUSE, FRESH = tempfile.TemporaryDirectory(), itertools.count()


def ids(m: Method) -> str:
    return f"{m.wing} {m.name}"


def photo(h: int = 48, w: int = 64, seed: int = 0) -> np.ndarray:
    g = np.random.default_rng(seed)
    smooth = np.kron(g.random((-(-h // 8), -(-w // 8), 3)), np.ones((8, 8, 1)))[:h, :w]
    return (smooth * 255).astype(np.uint8)


@functools.cache
def folder(h: int, w: int) -> str:
    """A few photographs, for methods that look at many."""
    made = Path(HOUSE.name) / f"{h}x{w}"
    made.mkdir()
    for i in range(4):
        Image.fromarray(photo(h, w, seed=i)).save(made / f"{i}.png")
    return str(made)


@functools.cache
def film(h: int, w: int) -> str:
    """Four frames."""
    with io.Film(Path(HOUSE.name) / f"{h}x{w}.mp4", fps=12) as out:
        for i in range(4):
            out.add(photo(h, w, seed=i))
    return str(Path(HOUSE.name) / f"{h}x{w}.mp4")


@functools.cache
def labelled(h: int, w: int) -> str:
    """Four pictures, each with a mask of two classes and a box."""
    made = Path(HOUSE.name) / f"labelled {h}x{w}"
    for part in ("images", "masks"):
        (made / part).mkdir(parents=True)
    rows = ["file,class,x,y,w,h"]
    for i in range(4):
        Image.fromarray(photo(h, w, seed=i)).save(made / "images" / f"{i}.png")
        Image.fromarray((np.arange(h * w).reshape(h, w) % w > w // 2).astype(np.uint8)).save(made / "masks" / f"{i}.png")
        rows.append(f"{i}.png,thing,0,0,{w / 2},{h / 2}")
    (made / "boxes.csv").write_text("\n".join(rows), encoding="utf-8")
    return str(made)


@functools.cache
def trained() -> str:
    """What a training of one epoch left."""
    made = Path(HOUSE.name) / "run"
    made.mkdir()
    (made / "config.toml").write_text("epochs = 1\n", encoding="utf-8")
    (made / "metrics.jsonl").write_text('{"epoch": 0, "red": 0.5}\n', encoding="utf-8")
    return str(made)


def sample(its: Input, hw: tuple[int, int], seed: int) -> Any:
    """Something that may be given for an input, whatever its kind."""
    of_kind: dict[str, Callable[[], Any]] = {
        "pictures": lambda: folder(*hw), "film": lambda: film(*hw), "labelled": lambda: labelled(*hw), "annotated": lambda: labelled(*hw), "run": trained, "network": net,
        "vector": lambda: np.ones(5, np.float32),
    }  # fmt: skip
    return of_kind.get(its.kind, lambda: photo(*hw, seed=seed))()


def net(**more: Any) -> lens.Net:
    return lens.Net(toy(**more), name="toy", side=32)


def job(
    m: Method,
    n: lens.Net | None = None,
    hw: tuple[int, int] = (48, 64),
    options: bool = False,
    pictures: Mapping[str, Any] = {},
    **given: Any,
) -> jobs.Job:
    few = {k: v for k, v in FEW.items() if k in m.settings.__dataclass_fields__}
    if "index" in m.settings.__dataclass_fields__:  # one of its own, so that nothing is found in the user's cache, or left there
        few["index"] = f"{HOUSE.name}/{next(FRESH)}.npz"
    own = {
        name: sample(it, hw, i) for i, (name, it) in enumerate(m.inputs.items()) if (options and it.kind != "vector") or not it.option
    } | dict(pictures)
    out = None
    if m.gives in ("trained", "written"):
        out = Path(HOUSE.name) / f"{next(FRESH)}{m.ending}"
        if not m.ending:
            out.mkdir()
    return jobs.Job(m, (n or net()) if m.nets else None, own, m.fill(None, few | given), out=out)


def assert_climbs(m: Method) -> None:
    """No stage ends worse than it began, one at least ends better, and the picture is another one."""
    losses: dict[int, list[float]] = {}
    first = last = None
    for step in job(m, **({"steps": 12} if "steps" in m.settings.__dataclass_fields__ else {})).steps():
        losses.setdefault(step.stage, []).append(step.loss)
        last = step.image()
        first = last if first is None else first
        assert last.min() >= 0
        assert last.max() <= 1
        assert 1 <= step.i <= step.of
    for of_stage in losses.values():
        assert min(of_stage[len(of_stage) // 2 :]) <= of_stage[0] + 1e-6
    assert any(min(of_stage) < of_stage[0] - 1e-4 * abs(of_stage[0]) for of_stage in losses.values()), "it never got better"
    assert first is not None
    assert last is not None
    assert first.shape != last.shape or not torch.equal(first, last), "it never moved"


def assert_counts(m: Method, name: str) -> None:
    """A picture that may be given changes the result."""
    more, beside = NEEDED.get((m.name, name), ({}, ()))
    its = m.inputs[name]
    given = sample(its, (48, 64), 7)
    pictures = {n: photo(48, 64, seed=9) for n in beside}
    n = lens.Net(zoo.Segmenter(), name="segmenter", side=32) if (m.name, name) == ("attribution", "at") else None
    with_it = job(m, n, pictures={name: given} | pictures, **more).finish()
    without = job(m, n, pictures={}, **more).finish()
    assert not np.array_equal(with_it.numpy(), without.numpy()), f"{name} changes nothing"


# What an input that may be given needs beside it: options, and other inputs.
NEEDED: dict[tuple[str, str], tuple[dict[str, Any], tuple[str, ...]]] = {
    ("attribution", "parts"): ({"method": "occlusion"}, ()),
    ("photo", "content_mask"): ({}, ("style_mask",)),
    ("photo", "style_mask"): ({}, ("content_mask",)),
}
