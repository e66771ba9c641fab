"""What every method file must keep, found on the shelf: a new one is tested the day it is born."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import numpy as np
import pytest
import torch

from tests.toys import state
from tests.wings.contract import ALL, CLIMBS, FEW, SHOWN, assert_climbs, assert_counts, ids, job, net
from zorki.cli import wing
from zorki.core import hands
from zorki.core.errors import InputError
from zorki.core.method import by_place
from zorki.core.settings import Least, Option, fits, options
from zorki.jobs.methods import Method

pytestmark = pytest.mark.tiny
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(autouse=True)
def two_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shared out among threads is so here, with however many threads the tests themselves run."""
    monkeypatch.setattr(hands, "count", lambda: 2)


@pytest.mark.parametrize("m", ALL, ids=ids)
def test_it_says_what_it_does_and_where_it_comes_from(m: Method) -> None:
    assert m.summary.endswith(".")
    assert len(m.summary) < 100
    assert re.search(r"^Source: ", m.doc, re.M)
    assert m.run.__doc__, "run says what it takes, gives and raises"
    assert all(o.help for o in options(m.settings)), "each option has its line of help"


@pytest.mark.parametrize("m", ALL, ids=ids)
def test_it_has_a_page(m: Method) -> None:
    page = DOCS / m.wing / f"{m.name}.md"
    assert page.exists()
    assert " ".join(("zorki", *m.typed_words)) in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("m", SHOWN, ids=ids)
@pytest.mark.parametrize("hw", [(48, 64), (37, 21), (1, 1), (5, 90)], ids=str)
def test_any_size_goes(m: Method, hw: tuple[int, int]) -> None:
    result = job(m, hw=hw).finish()
    assert result.numpy().dtype == np.uint8
    assert result.tensor().shape == (3, *result.numpy().shape[:2])


@pytest.mark.parametrize("m", SHOWN, ids=ids)
def test_pictures_that_may_be_given_may_be_given(m: Method) -> None:
    if any(i.option for i in m.inputs.values()):
        assert job(m, options=True).finish().numpy().size


@pytest.mark.parametrize(
    ("m", "name"),
    [(m, n) for m in SHOWN for n, i in m.inputs.items() if i.kind == "vector"],
    ids=lambda v: v if isinstance(v, str) else ids(v),
)
def test_vectors_that_may_be_given_may_be_given(m: Method, name: str) -> None:
    """A direction among the toy's five answers, also as a list."""
    assert job(m, pictures={name: [1.0, -2.0, 0.5, 0.0, 3.0]}).finish().numpy().size
    with pytest.raises(InputError, match=r"has 3 numbers.*gives 5"):
        job(m, pictures={name: np.ones(3)}).finish()


@pytest.mark.parametrize("m", SHOWN, ids=ids)
def test_the_same_seed_repeats_and_nothing_global_moves(m: Method) -> None:
    threads, grad = torch.get_num_threads(), torch.is_grad_enabled()
    first, second = job(m).finish().numpy(), job(m).finish().numpy()
    assert (first == second).all()
    n, numbers, mine = net(), torch.random.get_rng_state(), np.random.get_state()[1].tolist()  # type: ignore[index]
    job(m, n).finish()
    assert torch.equal(numbers, torch.random.get_rng_state())
    assert mine == np.random.get_state()[1].tolist()  # type: ignore[index]
    assert (threads, grad) == (torch.get_num_threads(), torch.is_grad_enabled())


@pytest.mark.parametrize("m", SHOWN, ids=ids)
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
    assert_climbs(m)


@pytest.mark.parametrize(
    ("m", "name"),
    [(m, n) for m in SHOWN for n, i in m.inputs.items() if i.option and i.kind != "vector"],
    ids=lambda v: v if isinstance(v, str) else ids(v),
)
def test_a_picture_that_may_be_given_changes_the_result(m: Method, name: str) -> None:
    assert_counts(m, name)


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
def test_its_command_says_all_that_was_chosen(m: Method) -> None:
    """What the command line makes of the command is what was set, for the inputs and for every option."""
    few = {k: v for k, v in FEW.items() if k in m.settings.__dataclass_fields__}
    chosen = m.fill(None, few)
    names = {n: f"my {n}.png" for n in m.inputs}
    placed, given = parsed(m, m.command(names, chosen))
    named = by_place(m.inputs, placed) | {n: given.pop(n) for n in m.inputs if n in given}
    assert named == {n: (f"my {n}.png",) if i.many and not i.placed else f"my {n}.png" for n, i in m.inputs.items()}
    assert m.fill(None, given) == chosen
    needed = {n: f"my {n}.png" for n, i in m.inputs.items() if not i.option}
    for o in options(m.settings):
        for value in others(o):
            chosen = m.fill(None, {o.name: value})
            assert getattr(chosen, o.name) != o.default, f"{o.name} takes {value!r}, and nothing changes"
            _, given = parsed(m, m.command(needed, chosen))
            assert m.fill(None, {n: v for n, v in given.items() if n not in m.inputs}) == chosen, o.name


def parsed(m: Method, command: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """What the command line understands."""
    words = shlex.split(command)
    typed = len(m.typed_words)
    assert words[: 1 + typed] == ["zorki", *m.typed_words]
    _, bound, _ = wing.build(m.wing, m.name if typed > 1 else "").parse_args(words[2:], exit_on_error=False, print_error=False)
    return bound.args, dict(bound.kwargs)


def others(o: Option) -> list[Any]:
    """Values that an option may have beside its default: all of few, one of many."""
    found = [v for v in samples(o.type, o.default) if fits(v, o.type) and v != o.default]
    assert found, f"nothing is known to try for {o.name}, which takes {o.type}"
    return found


def samples(kind: Any, default: Any) -> list[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        ends = [v for v in (inner[1].value, inner[1].most) if abs(v) < 1e9] if isinstance(inner[1], Least) else []
        return [*samples(inner[0], default), *[(int if inner[0] is int else float)(v) for v in ends], *getattr(inner[1], "names", ())]
    if origin is Literal:
        return list(inner)
    if origin is tuple:
        return [(v,) for v in samples(inner[0], None)] + [tuple(samples(inner[0], None)[:2])]
    if inner:
        return [v for one in inner for v in samples(one, default)]
    simple = {bool: [True, False], int: [3, -2, 71], float: [0.123456789, -1.5, 7.0, 2e5], str: ["0,3-5", "a b", "-c"]}
    return simple.get(kind, [])
