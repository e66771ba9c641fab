"""The one grammar: what is written is read, written again and read as the same; every method reads by it what it read before."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import zorki
from tests.toys import toy
from zorki import lens
from zorki.core.errors import InputError, UnknownName
from zorki.explaining.goals import goal
from zorki.explaining.targets import Target, layer_of, listed, targets, written
from zorki.wings.see import _dream, maps, maximize, patches

pytestmark = pytest.mark.tiny
DOCS = Path(__file__).resolve().parents[2] / "docs"
NAMES = ["cat, tabby", "dog", "cup, mug", "hot dog", "crane"]


class Twice(nn.Module):
    """A relu that runs twice, a layer with a name like a class's prefix, one with signs in its name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()
        self.add_module("class", nn.Conv2d(8, 6, 1))
        self.add_module("a - 2*b", nn.Flatten())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.relu(self.conv(x)) - 0.1)
        return self.get_submodule("a - 2*b")(self.get_submodule("class")(x).mean((2, 3)))  # type: ignore[no-any-return]


NET = lens.Net(toy(), name="toy", side=32, classes=NAMES)
TWICE = lens.Net(Twice(), name="twice", side=32)


def lists() -> st.SearchStrategy[str]:
    """Channels of a layer of eight."""
    ends = st.integers(0, 7)
    ranges = st.one_of(ends.map(str), st.tuples(ends, ends).map(lambda two: f"{two[0]}-{two[1]}"))
    return st.one_of(st.just("all"), st.lists(ranges, min_size=1, max_size=4).map(",".join))


def whats() -> st.SearchStrategy[str]:
    layers, places = st.sampled_from(["0", "3", "4", "1"]), st.sampled_from(["", "", "@middle", "@2,4"])
    parts = st.tuples(layers, lists(), places).map(lambda three: f"{three[0]}:{three[1]}{three[2]}")
    return st.one_of(layers, parts, st.sampled_from(["like", "class:dog", "class:4", "class:hot  DOG", "class:mug"]))


def weights() -> st.SearchStrategy[str]:
    return st.one_of(st.floats(0.001, 1e6).map(repr), st.sampled_from(["2", ".5", "1.", "1e-3", "2E2"]))


def terms() -> st.SearchStrategy[str]:
    space, sign = st.sampled_from(["", " "]), st.sampled_from(["", "", "-", "- "])
    front = st.tuples(sign, weights(), space, whats()).map(lambda x: f"{x[0]}{x[1]}{x[2]}*{x[2]}{x[3]}")
    behind = st.tuples(sign, whats(), space, st.sampled_from(["+", "-"]), weights()).map(lambda x: f"{x[0]}{x[1]}{x[2]}*{x[2]}{x[3]}{x[4]}")
    return st.one_of(st.tuples(sign, whats()).map("".join), front, behind)


@settings(deadline=None, max_examples=300)
@given(terms(), st.lists(st.tuples(st.sampled_from([" + ", " - ", "  -  "]), terms()), max_size=3))
def test_what_is_read_is_written_and_read_again(first: str, more: list[tuple[str, str]]) -> None:
    text = first + "".join(map("".join, more))
    found = targets(NET, text, ["like"])
    assert len(found) == 1 + len(more)
    assert targets(NET, written(found), ["like"]) == found
    assert written(targets(NET, written(found), ["like"])) == written(found)


@settings(deadline=None, max_examples=100)
@given(lists())
def test_channels_are_the_same_numbers_in_every_spelling(channels: str) -> None:
    wanted = Target("0", channels).numbers(8)
    assert targets(NET, f"0:{channels}")[0].numbers(8) == wanted
    assert targets(NET, f"-2 * 0: {channels.replace(',', ', ')}")[0].numbers(8) == wanted
    assert _dream.asked(NET, f"0:{channels}*-2")[0].channels == wanted
    assert maximize.planned(NET, None, maximize.Settings(layer=f"0:{channels}"))[1] == [(f"0:{n}", n) for n in wanted]
    assert maximize.planned(NET, None, maximize.Settings(layer="0", channel=channels))[1] == [(f"0:{n}", n) for n in wanted]


@pytest.mark.parametrize(
    ("net", "text", "found"),
    [
        (NET, "3", [Target("3")]),
        (NET, "3:7 - 0.5*3:9", [Target("3", "7"), Target("3", "9", weight=-0.5)]),
        (NET, "2 * 0:1 + 3:2 - 3:2", [Target("0", "1", weight=2), Target("3", "2"), Target("3", "2", weight=-1)]),
        (NET, "-3:7@middle", [Target("3", "7", "middle", weight=-1)]),
        (NET, "3:7@ 2, 4", [Target("3", "7", "2,4")]),
        (NET, "- 3 - -3:7", [Target("3", weight=-1), Target("3", "7")]),
        (NET, "3 * - 2", [Target("3", weight=-2)]),
        (NET, "3*-2", [Target("3", weight=-2)]),
        (NET, "3*4", [Target("4", weight=3)]),
        (NET, "3:0-2*-.5", [Target("3", "0-2", weight=-0.5)]),
        (NET, "1e-3*0", [Target("0", weight=1e-3)]),
        (NET, "3:0", [Target("3", "0")]),
        (NET, "3:0:5", [Target("3", "5")]),
        (NET, "class:4 - class:hot dog*2", [Target(class_=4), Target(class_=3, weight=-2)]),
        (TWICE, "relu", [Target("relu:1")]),
        (TWICE, "relu:0", [Target("relu:0")]),
        (TWICE, "relu:0:3 - 2*relu:1", [Target("relu:0", "3"), Target("relu:1", weight=-2)]),
        (TWICE, "relu:7", [Target("relu:1", "7")]),
        (TWICE, "relu:1@middle", [Target("relu:1", "1", "middle")]),
        (TWICE, "a - 2*b", [Target("a - 2*b")]),
    ],
)  # fmt: skip
def test_each_spelling_means_what_it_meant(net: lens.Net, text: str, found: list[Target]) -> None:
    assert targets(net, text) == tuple(found)
    assert targets(net, written(found)) == tuple(found)


def test_a_layer_may_be_called_class_where_no_class_can_be_meant() -> None:
    assert targets(TWICE, "class:3")[0].class_ == 3
    assert targets(TWICE, "class:3", layers=True) == (Target("class", "3"),)
    with pytest.raises(InputError, match="is a class"):
        targets(NET, "class:3", layers=True)


def climbed(text: str) -> torch.Tensor:
    x = torch.rand(2, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    found = goal(TWICE, text)
    return sum(t.weight * v for t, v in found.parts(lens.capture(TWICE, x, found.reads))).detach()  # type: ignore[return-value]


def test_a_goal_takes_lists_and_calls() -> None:
    x = torch.rand(2, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    first = lens.capture(TWICE, x, "relu:0")["relu:0"].detach()
    assert torch.allclose(climbed("relu:0:1-3,6"), first[:, [1, 2, 3, 6]].mean((1, 2, 3)), atol=1e-6)
    assert torch.allclose(climbed("2*relu:0:1,2@3,4 - relu:0:all"), 2 * first[:, 1:3, 3, 4].mean(1) - first.mean((1, 2, 3)), atol=1e-6)
    assert str(goal(TWICE, "relu:0:1-3 - 2*relu:0:5")) == "relu:0:1-3 - 2 * relu:0:5"


def test_a_dream_takes_sums_and_a_minus() -> None:
    def said(text: str) -> list[tuple[str, object, float]]:
        return [(w.layer, w.channels, w.weight) for w in _dream.asked(NET, text)]

    assert said("-3:1") == [("3", (1,), -1.0)]
    assert said("0 - 0.5*3:1,2") == [("0", None, 1.0), ("3", (1, 2), -0.5)]
    assert said("3:0 - 2, 7") == [("3", (0, 1, 2, 7), 1.0)], "a range with spaces, as it always was there"
    for text, why in (("3:1@middle", "one place"), ("class:dog", "is a class"), ("like", "no layer")):
        with pytest.raises((InputError, UnknownName), match=why):
            _dream.asked(NET, text)


def test_channels_behind_the_layer_are_those_of_channel() -> None:
    assert layer_of(NET, "3:0-2", "0-15", "0-15") == ("3", "0-2")
    assert layer_of(NET, "3", "4", "0-15") == ("3", "4")
    assert layer_of(TWICE, "relu:0:3", "all", "all") == ("relu:0", "3")
    assert layer_of(TWICE, "a - 2*b", "all", "all") == ("a - 2*b", "all")
    with pytest.raises(InputError, match="both name channels"):
        layer_of(NET, "3:1", "4", "0-15")
    for text in ("0.5*3", "3 - 4", "3:1@middle", "-3"):
        with pytest.raises(InputError, match="more than a layer"):
            layer_of(NET, text, "0-15", "0-15")
    with pytest.raises(UnknownName, match="conv9"):
        layer_of(NET, "conv9:1", "0-15", "0-15")


def test_maps_and_patches_take_channels_behind_the_layer() -> None:
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    behind, beside = (maps.run(NET, x, maps.Settings(**one)) for one in ({"layer": "3:5,1"}, {"layer": "3", "channel": "5,1"}))
    assert behind.channels == beside.channels == (5, 1)  # type: ignore[union-attr]
    assert torch.equal(behind.maps, beside.maps)  # type: ignore[union-attr]
    assert listed(NET, "3:9, 11,0") == ["3:9,11", "0"], "0 is a layer, 11 is none"
    assert patches.layers_of(NET, patches.Settings(layer="3:9,11,0")) == {"3": "9,11", "0": "0-15"}
    assert patches.layers_of(NET, patches.Settings(layer="0, 3", channel="2")) == {"0": "2", "3": "2"}


def told() -> list[tuple[str, str]]:
    """(option, value) of every command in the docs that names a layer, channels behind it or a goal of the network that ships."""
    lines = [line for path in sorted(DOCS.rglob("*.md")) for line in path.read_text(encoding="utf-8").splitlines()]
    commands = [shlex.split(line.partition("#")[0]) for line in lines if re.match(r"zorki see \w+ ", line) and "--model" not in line]
    return [pair for words in commands for pair in itertools.pairwise(words) if pair[0] in ("--layer", "--goal")]


@pytest.mark.wings
def test_what_the_docs_write_is_read() -> None:
    eye = zorki.load("eye", device="cpu", dtype="float32")
    found = told()
    assert len(found) > 15
    read: dict[str, Callable[[str], object]] = {
        "--goal": lambda text: text == "like" or goal(eye, text),
        "--layer": lambda text: (
            [layer_of(eye, one, "0-15", "0-15") for one in listed(eye, text)] if "*" not in text else _dream.asked(eye, text)
        ),
    }
    for option, text in found:
        assert read[option](text), text
