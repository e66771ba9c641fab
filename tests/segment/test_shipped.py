"""The segmenters that ship: what their cards say of them is so, and what is built on them does what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

import zorki
from zorki import blocks, io, weights
from zorki.core import events
from zorki.core.errors import UnknownName
from zorki.guided.guide import Guide
from zorki.guided.sections import pixels as section
from zorki.segmenting import regions

pytestmark = pytest.mark.wings
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MOST = {"people": 6_000_000, "road": 10_000_000}  # bytes
PERSON, THINGS = data.astronaut(), data.coffee()


def looked_at(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten of the street pictures that were held back."""
    there = SHARED / "camvid"
    if not there.is_dir():
        pytest.skip("../shared/data/camvid is not here")
    folder = tmp_path_factory.mktemp("streets")
    for part in ("images", "masks"):
        (folder / part).mkdir()
        for one in sorted((there / "val" / part).iterdir())[::11]:
            (folder / part / one.name).symlink_to(one)
    (folder / "classes.csv").symlink_to(there / "classes.csv")
    return folder


@pytest.mark.parametrize("name", regions.KNOWN)
def test_a_card_says_all_and_the_file_is_small(name: str) -> None:
    card = weights.card(name)
    assert card.installed
    assert card.file.stat().st_size <= MOST[name]
    assert len(card.colours) == len(card.classes) == len(set(card.classes))
    assert {"mIoU", "Dice", "boundary F1"} <= card.figures.keys()
    assert all(" to " in card.figures[figure] for figure in ("mIoU", "Dice")), "with its interval"
    assert card.licence
    assert card.data
    assert card.not_fit_for


@pytest.mark.slow
def test_streets_are_told_apart_as_well_as_the_card_says(few: Path) -> None:
    found = zorki.segment.evaluate(few, model="road")
    stated = float(weights.card("road").figures["mIoU"].partition("%")[0]) / 100
    assert found.figures["miou"] == pytest.approx(stated, abs=0.1)
    assert found.figures["pixel_accuracy"] > 0.85


def test_a_person_is_found_and_things_are_none() -> None:
    person = zorki.segment.predict(PERSON, model="people")
    assert 0.3 < person.shares["people"] < 0.8
    assert person.labels[150:250, 200:250].mean() > 0.95, "her face"
    assert person.labels[:60, :60].mean() < 0.05, "the flag"
    assert zorki.segment.predict(THINGS, model="people").shares["people"] < 0.02


def test_nothing_but_the_people_is_painted_and_all_but_them() -> None:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note)):
        people = zorki.style.apply(photo=PERSON, style="wave", only="people").numpy()
    rest = zorki.style.apply(photo=PERSON, style="wave", only="background").numpy()
    whole = zorki.style.apply(photo=PERSON, style="wave").numpy()
    cover, net = regions.cover(looked_at(PERSON), "people")
    assert net == "people"
    assert any("as people sees it" in n for n in notes)
    surely = cover[0, 0].numpy()
    assert (people[surely == 0] == PERSON[surely == 0]).all()
    inside, outside = surely > 0.98, surely < 0.02
    for painted, where in ((people, inside), (rest, outside)):
        assert np.abs(painted[where].astype(int) - whole[where]).mean() < 2
        assert np.abs(painted[~where & (inside | outside)].astype(int) - PERSON[~where & (inside | outside)]).mean() < 2


def test_a_class_that_no_net_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="pedestrian"):
        zorki.style.apply(photo=PERSON, style="wave", only="pedestrain")


def test_regions_of_two_photos_of_people_belong_together() -> None:
    found = regions.shared(looked_at(PERSON), looked_at(np.ascontiguousarray(PERSON[:, ::-1][:400])))
    assert found is not None
    mine, theirs, names, net = found
    assert net == "people"
    assert set(names) == {"background", "people"}
    assert mine.shape == (2, 512, 512)
    assert theirs.shape == (2, 400, 512)
    assert torch.equal(mine.sum(0), torch.ones(512, 512))
    assert regions.shared(looked_at(PERSON), looked_at(THINGS)) is None, "a cup of coffee has no region for a person"


def guide(picture: np.ndarray) -> Guide:
    photo = io.open_photo(picture)
    return Guide(zorki.load("eye"), photo, photo)


def test_the_tour_shows_the_person_and_says_what_there_is_not() -> None:
    row, bars, note = section.build(guide(PERSON))
    assert isinstance(row, blocks.Row)
    assert isinstance(bars, blocks.Bars)
    assert isinstance(note, blocks.Note)
    assert not np.array_equal(row.figures[0].pixels, row.figures[1].pixels)
    assert sum(share for _, share in bars.rows) == pytest.approx(100, abs=0.2)
    assert "no street" in note.text
    assert row.command.endswith("--model people --as overlay"), "the command that makes what is shown"
    (only,) = section.build(guide(THINGS))
    assert isinstance(only, blocks.Note)
    assert "nobody and no street" in only.text
    assert len(section.work(guide(THINGS))) == 2


def test_the_tour_shows_a_street() -> None:
    streets = sorted((SHARED / "camvid" / "val" / "images").glob("*"))
    if not streets:
        pytest.skip("../shared/data/camvid is not here")
    made = list(section.build(guide(np.asarray(Image.open(streets[0]).convert("RGB")))))
    assert any(isinstance(b, blocks.Bars) and "road" in b.sentence for b in made)
