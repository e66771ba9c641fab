"""Where `segment convert` writes and what it looks through: never over what it reads, never through a whole disk without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats import made
from zorki.core import events
from zorki.core.errors import InputError
from zorki.formats import Place, places

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for n in range(2):
        made.photo(Path("work", "in", "images", f"{n}.jpg"))
        made.index(Path("work", "in", "masks", f"{n}.png"), np.arange(600).reshape(20, 30) % 3)


def content(folder: str) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("work/in", "is the folder of the data"), ("link", "is the folder of the data"), ("work", "holds the data"),
        ("work/in/masks", "lies in the folder of the data"), ("work/in/../in", "is the folder of the data"),
    ],
)  # fmt: skip
def test_what_is_read_is_never_written_over_even_by_force(out: str, says: str, command: Any) -> None:
    Path("link").symlink_to("work/in")
    before = content("work")
    status, stdout, err = command("segment", "convert", "work/in", "--out", out, "--force")
    assert (status, stdout) == (2, "")
    assert says in err
    assert len(err.splitlines()) <= 4
    assert content("work") == before


def test_another_folder_is_replaced_by_force_and_an_empty_one_in_it_is_taken(command: Any) -> None:
    Path("work/in/new").mkdir()
    assert command("segment", "convert", "work/in", "--out", "work/in/new")[0] == 0
    assert command("segment", "convert", "work/in/new", "--out", "made")[0] == 0
    assert command("segment", "convert", "work/in/new", "--out", "made", "--force")[0] == 0


def test_a_file_of_annotations_is_not_lost_either(command: Any) -> None:
    made.written(Path("coco", "a.json"), made.coco([{}]))
    made.photo(Path("coco", "0.jpg"))
    before = content("coco")
    status, _, err = command("segment", "convert", "coco/a.json", "--out", "coco", "--force")
    assert status == 2
    assert "holds the data" in err
    assert content("coco") == before


def test_a_training_does_not_begin_in_its_data(command: Any) -> None:
    before = content("work")
    status, _, err = command("segment", "train", "work/in", "--out", "work/in", "--force", "--steps", 1)
    assert status == 2
    assert "is the folder of the data" in err
    assert content("work") == before


def test_a_whole_disk_is_no_folder_of_annotations() -> None:
    for disk in ("/", "/tmp/.."):
        with pytest.raises(InputError, match="is the whole disk"):
            Place(disk)


def test_many_files_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        assert len(Place("work").files) == 4
        assert heard == []
        monkeypatch.setattr(places, "MANY", 2)
        assert len(Place("work").files) == 4
    assert [n.partition(" files")[0] for n in heard] == ["work holds 2", "work holds 4"]
