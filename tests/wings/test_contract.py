"""What every method file must keep, found on the shelf: a new one is tested the day it is born."""

from __future__ import annotations

import functools
import itertools
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.toys import state, toy
from zorki import jobs, lens
from zorki.core.errors import InputError
from zorki.core.method import by_place
from zorki.jobs.methods import Method, method, methods, wings

pytestmark = pytest.mark.tiny
ALL = [method(w, m) for w in wings() for m in methods(w)]
CLIMBS = [m for m in ALL if m.climbs]
FEW = {"steps": 3, "size": 48, "channel": "0-2", "octaves": 2, "samples": 2}  # options that make a test quick, where a method has them
HOUSE, FRESH = tempfile.TemporaryDirectory(), itertools.count()
DOCS = Path(__file__).resolve().parents[2] / "docs"


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


def net(**more: Any) -> lens.Net:
    return lens.Net(toy(**more), name="toy", side=32)


def job(
    m: Method,
    n: lens.Net | None = None,
    hw: tuple[int, int] = (48, 64),
    options: bool = False,
    vectors: Mapping[str, Any] = {},
    **given: Any,
) -> jobs.Job:
    few = {k: v for k, v in FEW.items() if k in m.settings.__dataclass_fields__}
    if "index" in m.settings.__dataclass_fields__:  # one of its own, so that nothing is found in the user's cache, or left there
        few["index"] = f"{HOUSE.name}/{next(FRESH)}.npz"
    pictures = {
        name: folder(*hw) if it.many else photo(*hw, seed=i)
        for i, (name, it) in enumerate(m.inputs.items())
        if (options and it.kind != "vector") or not it.option
    } | dict(vectors or {})
    return jobs.Job(m, n or net(), pictures, m.fill(None, few | given))


@pytest.mark.parametrize("m", ALL, ids=ids)
def test_it_says_what_it_does_and_where_it_comes_from(m: Method) -> None:
    assert m.summary.endswith(".")
    assert len(m.summary) < 100
    assert re.search(r"^Source: ", m.doc, re.M)
    assert m.run.__doc__, "run says what it takes, gives and raises"
    from zorki.core.settings import options

    assert all(o.help for o in options(m.settings)), "each option has its line of help"


@pytest.mark.parametrize("m", ALL, ids=ids)
def test_it_has_a_page(m: Method) -> None:
    page = DOCS / m.wing / f"{m.name}.md"
    assert page.exists()
    assert f"zorki {m.wing} {m.name}" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("m", ALL, ids=ids)
@pytest.mark.parametrize("hw", [(48, 64), (37, 21), (1, 1), (5, 90)], ids=str)
def test_any_size_goes(m: Method, hw: tuple[int, int]) -> None:
    result = job(m, hw=hw).finish()
    assert result.numpy().dtype == np.uint8
    assert result.tensor().shape == (3, *result.numpy().shape[:2])


@pytest.mark.parametrize("m", ALL, ids=ids)
def test_pictures_that_may_be_given_may_be_given(m: Method) -> None:
    if any(i.option for i in m.inputs.values()):
        assert job(m, options=True).finish().numpy().size


@pytest.mark.parametrize(
    ("m", "name"), [(m, n) for m in ALL for n, i in m.inputs.items() if i.kind == "vector"], ids=lambda v: v if isinstance(v, str) else ids(v)
)
def test_vectors_that_may_be_given_may_be_given(m: Method, name: str) -> None:
    """A direction among the toy's five answers, also as a list."""
    assert job(m, vectors={name: [1.0, -2.0, 0.5, 0.0, 3.0]}).finish().numpy().size
    with pytest.raises(InputError, match=r"has 3 numbers.*gives 5"):
        job(m, vectors={name: np.ones(3)}).finish()


@pytest.mark.parametrize("m", ALL, ids=ids)
def test_the_same_seed_repeats_and_nothing_global_moves(m: Method) -> None:
    threads, grad = torch.get_num_threads(), torch.is_grad_enabled()
    first, second = job(m).finish().numpy(), job(m).finish().numpy()
    assert (first == second).all()
    n, numbers, mine = net(), torch.random.get_rng_state(), np.random.get_state()[1].tolist()  # type: ignore[index]
    job(m, n).finish()
    assert torch.equal(numbers, torch.random.get_rng_state())
    assert mine == np.random.get_state()[1].tolist()  # type: ignore[index]
    assert (threads, grad) == (torch.get_num_threads(), torch.is_grad_enabled())


@pytest.mark.parametrize("m", ALL, ids=ids)
@pytest.mark.parametrize("end", ["finished", "broken off", "failed"])
def test_the_network_comes_back_as_it_was(m: Method, end: str) -> None:
    n = net()
    n.module.train()
    next(n.module.parameters()).requires_grad_(False)
    n.layers()
    before = state(n.module)
    if end == "finished":
        job(m, n).finish()
    elif end == "broken off":
        steps = job(m, n).steps()
        next(steps, None)
        steps.close()  # type: ignore[attr-defined]
    else:
        handle = n.module[3].register_forward_hook(fails_later())
        try:
            job(m, n).finish()
        except (InputError, RuntimeError) as e:
            told = str(e)
        else:
            told = "on purpose: it ran nothing that failed"
        finally:
            handle.remove()
        assert "on purpose" in told
    assert state(n.module) == before


def fails_later() -> Any:
    count = 0

    def hook(*_: Any) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise RuntimeError("on purpose")

    return hook


@pytest.mark.parametrize("m", CLIMBS, ids=ids)
def test_what_climbs_climbs(m: Method) -> None:
    losses: dict[int, list[float]] = {}
    for step in job(m, **({"steps": 12} if "steps" in m.settings.__dataclass_fields__ else {})).steps():
        losses.setdefault(step.stage, []).append(step.loss)
        assert step.image().min() >= 0
        assert step.image().max() <= 1
        assert 1 <= step.i <= step.of
    for of_stage in losses.values():
        assert min(of_stage[len(of_stage) // 2 :]) <= of_stage[0] + 1e-6


@pytest.mark.parametrize("m", CLIMBS, ids=ids)
def test_ctrl_c_keeps_what_was_drawn(m: Method) -> None:
    j = job(m)

    def steps() -> Iterator[None]:
        for step in j.steps():
            yield
            if step.i == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(steps())
    assert j.result().numpy().size


@pytest.mark.parametrize("m", ALL, ids=ids)
def test_its_command_says_all_that_was_chosen(m: Method, tmp_path: Path) -> None:
    """What the command line makes of the command is what was set."""
    import shlex

    from zorki.cli import wing

    few = {k: v for k, v in FEW.items() if k in m.settings.__dataclass_fields__}
    chosen = m.fill(None, few)
    words = shlex.split(m.command({n: f"my {n}.png" for n in m.inputs}, chosen))
    assert words[:3] == ["zorki", m.wing, m.name]
    app = wing.build(m.wing, m.name)
    _, bound, _ = app.parse_args(words[2:], exit_on_error=False, print_error=False)
    given = dict(bound.kwargs)
    named = by_place(m.inputs, bound.args) | {n: given.pop(n) for n in m.inputs if n in given}
    assert named == {n: (f"my {n}.png",) if i.many and not i.placed else f"my {n}.png" for n, i in m.inputs.items()}
    assert m.fill(None, given) == chosen
