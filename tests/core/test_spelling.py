"""One sentence, two languages."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from zorki.core import events
from zorki.core.errors import InputError, SomeFailed, Stopped, UnknownName, WeightsError
from zorki.core.spelling import in_python, of_network, on_command_line
from zorki.io.files import existing_file

pytestmark = pytest.mark.tiny

SAID = {  # as written: on the command line, in Python
    "--mix=2,1 does not fit.": ("--mix 2,1 does not fit.", "mix=2,1 does not fit."),
    "--range=-5,5": ("--range=-5,5", "range=-5,5"),
    "--grid is a sheet": ("--grid is a sheet", "grid is a sheet"),
    "Give a smaller --size, or another --content-layer.": (
        "Give a smaller --size, or another --content-layer.",
        "Give a smaller size, or another content_layer.",
    ),
    "Leave --class out (or --as).": ("Leave --class out (or --as).", "Leave class_ out (or as_)."),
    "Add --force=True, or --no-drawn.": ("Add --force, or --no-drawn.", "Add force=True, or drawn=False."),
    "--out='my cats' is a folder.": ("--out 'my cats' is a folder.", "out='my cats' is a folder."),
    "`zorki layers` lists them.": ("`zorki layers` lists them.", "`net.layers()` lists them."),
    "`zorki models`, `zorki models eye`": ("`zorki models`, `zorki models eye`", "`zorki.weights.names()`, `zorki.weights.card('eye')`"),
    "`zorki models get NAME`": ("`zorki models get NAME`", "`zorki.weights.get(NAME)`"),
    "`zorki see attribution PHOTO --like=PICTURE --class=3 --sanity`": (
        "`zorki see attribution PHOTO --like PICTURE --class 3 --sanity`",
        "`zorki.see.attribution(PHOTO, like=PICTURE, class_=3, sanity=True)`",
    ),
    "`zorki see filters --as=weights --no-fold`": (
        "`zorki see filters --as weights --no-fold`",
        "`zorki.see.filters(as_='weights', fold=False)`",
    ),
    "`zorki tour PHOTO`": ("`zorki tour PHOTO`", "`zorki.tour(PHOTO)`"),
}
THEIRS = (  # words of files, layers and libraries
    "There is no file --x.png.",
    "There is no layer '--mix'. Its file is './--mix=2.png'.",
    "a--mix b--c --X ---d --e_f --g/h --i's",
    "It says 'run pip install --upgrade torch, --mix=2'.",
    'It says "don\'t --mix".',
    "the cats' don't",
    "`zorki again RESULT` makes it again.",
    "`zorki see dream 'a` is no command.",
    "`zorki` alone",
)


@pytest.mark.parametrize("written", SAID)
def test_each_in_its_language(written: str) -> None:
    assert (on_command_line(written), in_python(written)) == SAID[written]


@pytest.mark.parametrize("written", SAID)
def test_said_twice_is_said_once(written: str) -> None:
    assert on_command_line(on_command_line(written)) == on_command_line(written)
    assert in_python(in_python(written)) == in_python(written)


@pytest.mark.parametrize("words", THEIRS)
def test_what_is_not_ours_stays(words: str) -> None:
    assert on_command_line(words) == in_python(words) == words


@pytest.mark.parametrize("name", ["--mix", "a --mix=2 b.png", "`zorki layers`", "--x.png", "cat.jpg"])
def test_a_name_stays_whatever_it_looks_like(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as e:
        existing_file(name)
    for said in (str(e.value), e.value.lines(on_command_line)[0]):
        assert f"There is no file {name}" in said.replace("'", "")
    assert ("'" in str(e.value)) == (name not in ("--x.png", "cat.jpg"))


def test_an_error_is_pythons_unless_asked() -> None:
    error = InputError("--mix=2 is one share.", "--style has two.", "Write --mix=2,1.")
    assert str(error) == "mix=2 is one share. style has two. Write mix=2,1."
    assert error.lines() == ["mix=2 is one share.", "style has two.", "Write mix=2,1."]
    assert error.lines(on_command_line) == ["--mix 2 is one share.", "--style has two.", "Write --mix 2,1."]
    again = WeightsError(error.got, error.expected, error.do)  # what is made of it is still to be spelled
    assert again.lines(on_command_line) == error.lines(on_command_line)
    assert error.written == "--mix=2 is one share. --style has two. Write --mix=2,1."


@pytest.mark.parametrize("kind", [InputError, WeightsError, Stopped, UnknownName, SomeFailed])
def test_pickled_it_says_the_same(kind: type[InputError]) -> None:
    error = kind("--mix=2 is one share.", "--style has two.", "Write --mix=2,1.")
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is kind
    assert (str(found), found.lines(on_command_line)) == (str(error), error.lines(on_command_line))


def test_a_note_is_in_its_listeners_language() -> None:
    python: list[str] = []
    line: list[str] = []

    def named(e: events.Event) -> events.Event:
        return events.Event("note", note=f"cat.jpg: {e.note}")

    with events.listen(lambda e: python.append(e.note)), events.listen(lambda e: line.append(e.note), on_command_line):
        events.note("a smaller --stride, as --stride=4")
        with events.translated(named):  # changed on the way, it is still to be spelled
            events.note("--at=x")
    assert python == ["a smaller stride, as stride=4", "cat.jpg: at=x"]
    assert line == ["a smaller --stride, as --stride 4", "cat.jpg: --at x"]


@pytest.mark.parametrize("names", [(), ("calm",), ("calm", "wild"), tuple("abcdefghijklmnop")], ids=len)
@pytest.mark.parametrize("name", ["clam", "xyz"])
def test_an_unknown_name_always_says_what_to_do(name: str, names: tuple[str, ...]) -> None:
    got, expected, do = UnknownName.among("preset", name, names).args
    assert got == f"There is no preset {name!r}."
    assert expected.startswith(("Did you mean", "There is"))
    assert do.endswith(".")
    assert all(expected.count(one) + do.count(one) == 1 for one in names if len(one) > 1), "each is named once"
    assert UnknownName.among("preset", name, names, "Look.").do == "Look."


def test_sentences_about_the_network_fit_another_that_is_given() -> None:
    said = "Write --model=a.py:f for '--model', and give this file with --weights, not --models or x--model."
    assert of_network(said, "second_") == "Write --second=a.py:f for '--model', which loads this file, not --models or x--model."
