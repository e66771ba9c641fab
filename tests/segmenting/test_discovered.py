"""What masks mean, found by looking at all of them: the three habits that users have, and what they bring by mistake."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageDraw

from tests.masked import COLOURS, a_set, areas, indexed, numbers, photo, stored, table
from zorki import io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.segmenting.table import Table, discovered, spelled

pytestmark = pytest.mark.unit
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LIST = "index,name,colour\n0,sky,#000000\n1,house,#800000\n2,road,#008000\n"


def given(name: str) -> io.LabelledFolder:
    if not (DATA / name).is_dir():
        pytest.skip(f"no data folder {name}")
    return io.open_labelled(DATA / name)


def refused(folder: Path, *words: str) -> InputError:
    """The error that a set is refused with; its lines hold all the words."""
    with pytest.raises(InputError) as caught:
        table(folder)
    for word in words:
        assert word in str(caught.value), caught.value
    assert all((caught.value.got, caught.value.expected, caught.value.do))
    return caught.value


def test_black_and_white_are_two_classes_and_that_is_said(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 255, seed=n) for n in range(3)])
    found = table(folder)
    assert (found.names, found.values, found.void) == (("background", "foreground"), (0, 255), ())
    assert found.said == (
        "The masks hold 0 and 255 alone, so there are two classes: 0 is background, 255 is foreground. classes.csv would name them.",
    )
    assert np.array_equal(numbers(folder), areas(0, 1))


def test_values_with_gaps_become_class_numbers(tmp_path: Path) -> None:
    """G17: 0, 29, 50."""
    mask = areas(0, 0, 0, 0, 0)
    mask[3:5, 4:6], mask[10:12, 20:22] = 29, 50
    folder = a_set(tmp_path, [mask, areas(0, 0)])
    found = table(folder)
    assert (found.names, found.values) == (("background", "class 29", "class 50"), (0, 29, 50))
    assert np.array_equal(numbers(folder), np.select([mask == 29, mask == 50], [1, 2]))
    assert found.pixels == (2 * mask.size - 8, 4, 4)
    assert sum(found.shares) == pytest.approx(1)


@pytest.mark.parametrize(("values", "void"), [((0, 1, 255), True), ((3, 9, 20, 255), True), ((0, 255), False), ((1, 255), False)])
def test_255_is_void_beside_two_or_more_others(tmp_path: Path, values: tuple[int, ...], void: bool) -> None:
    folder = a_set(tmp_path, [areas(*values), areas(*values, seed=1)])
    found = table(folder)
    assert found.void == ((255,) if void else ())
    assert np.array_equal(np.unique(numbers(folder)), [*range(len(values) - void), *([255] if void else [])])
    assert any("255" in said and "void" in said for said in found.said) == void
    assert (found.void_share > 0) == void


def test_void_by_name_counts_nowhere(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 1, 11), areas(1, 0, 11)], "index,name\n11,Void\n0,sky\n1,road\n")
    assert (table(folder).names, table(folder).values, table(folder).void) == (("sky", "road"), (0, 1), (11,))
    assert np.array_equal(np.unique(numbers(folder)), [0, 1, 255])


def test_numbers_of_a_list_may_have_gaps_and_classes_may_be_absent(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(4, 9), areas(9, 4)], "index,name\n9,b\n4,a\n30,c\n")
    found = table(folder)
    assert (found.names, found.values, found.pixels[2]) == (("a", "b", "c"), (4, 9, 30), 0)
    assert "No mask holds c, which classes.csv lists." in found.said
    assert np.array_equal(numbers(folder), areas(0, 1))


def test_black_and_white_by_a_list_of_two(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 255), areas(0, 255)], "index,name\n0,other\n1,person\n")
    assert table(folder).names == ("other", "person")
    assert "255 is person" in table(folder).said[0]
    assert np.array_equal(numbers(folder), areas(0, 1))


def test_palettes_show_colours_and_the_numbers_count(tmp_path: Path) -> None:
    """G03."""
    folder = a_set(tmp_path, [indexed(areas(0, 1, 2, seed=n)) for n in range(3)])
    found = table(folder)
    assert (found.by, found.values, found.colours) == ("number", (0, 1, 2), ("#000000", "#800000", "#008000"))
    assert np.array_equal(numbers(folder), areas(0, 1, 2))


def test_palettes_in_another_order_are_compared_by_colour(tmp_path: Path) -> None:
    """G05: three palettes of the same colours, each in its own order, and one RGBA."""
    truth = areas(0, 1, 2)
    masks: list[Any] = []
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        masks.append(indexed(np.argsort(order)[truth], COLOURS[order].ravel().tolist()))
    masks.append(Image.fromarray(np.dstack([COLOURS[truth], np.full(truth.shape, 255, np.uint8)])))
    for classes in ("", LIST):
        folder = a_set(tmp_path / f"set {len(classes)}", masks, classes)
        found = table(folder)
        assert found.by == "colour"
        order = [found.colours.index(c) for c in ("#000000", "#800000", "#008000")]
        for n in range(4):
            assert np.array_equal(numbers(folder, f"{n}.png"), np.array(order)[truth]), n
    assert found.names == ("sky", "house", "road")


def test_shuffled_palettes_alone_are_noticed(tmp_path: Path) -> None:
    truth = areas(0, 1, 2)
    folder = a_set(tmp_path, [indexed(truth), indexed(2 - truth, COLOURS[::-1].ravel().tolist())], LIST)
    assert np.array_equal(numbers(folder, "0.png"), truth)
    assert np.array_equal(numbers(folder, "1.png"), truth)


def test_colours_are_classes(tmp_path: Path) -> None:
    truth = areas(0, 1, 2)
    folder = a_set(tmp_path, [COLOURS[truth], COLOURS[truth * 0]])
    found = table(folder)
    assert (found.by, found.names) == ("colour", ("background", "class #008000", "class #800000"))
    assert np.array_equal(numbers(folder), np.array([0, 2, 1])[truth])
    named = a_set(tmp_path / "named", [COLOURS[truth], COLOURS[truth]], LIST)
    assert (table(named).names, table(named).colours) == (("sky", "house", "road"), ("#000000", "#800000", "#008000"))
    assert np.array_equal(numbers(named), truth)


def test_three_equal_channels_are_one(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [np.repeat(areas(0, 255)[..., None], 3, axis=2)] * 2)
    assert (table(folder).by, table(folder).values) == ("number", (0, 255))
    assert np.array_equal(numbers(folder), areas(0, 1))


def test_sixteen_bit_class_numbers(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 1000, 40000)] * 2)
    assert table(folder).values == (0, 1000, 40000)
    assert np.array_equal(numbers(folder), areas(0, 1, 2))


def smooth(k: int, hw: tuple[int, int] = (48, 64), times: int = 4) -> np.ndarray:
    """A disc as drawing programs export it: its edge in greys."""
    large = Image.new("L", (hw[1] * times, hw[0] * times))
    ImageDraw.Draw(large).ellipse([(10 + k) * times, 8 * times, (40 + k) * times, 40 * times], fill=255)
    return np.asarray(large.resize((hw[1], hw[0]), Image.Resampling.BOX))


@pytest.mark.parametrize("how", ["box", "two", "bilinear", "blurred", "colours", "one in ten"])
def test_smoothed_edges_are_refused_with_the_reason(tmp_path: Path, how: str) -> None:
    masks = [smooth(k) for k in range(10)]
    if how == "two":  # one value between
        masks = [np.where((m > 0) & (m < 255), 128, m).astype(np.uint8) for m in masks]
    if how == "bilinear":
        masks = [
            np.asarray(Image.fromarray(np.where(m > 127, 255, 0).astype(np.uint8)).resize((150, 110), Image.Resampling.BILINEAR))
            for m in masks
        ]
    if how == "blurred":
        from scipy.ndimage import gaussian_filter

        masks = [gaussian_filter(np.where(m > 127, 255, 0).astype(np.uint8), 1.5) for m in masks]
    if how == "colours":
        masks = [np.dstack([m, m // 2, 255 - m]) for m in masks]
    if how == "one in ten":
        masks = [m if k == 3 else np.where(m > 127, 255, 0).astype(np.uint8) for k, m in enumerate(masks)]
    refused(a_set(tmp_path, masks), "3.png" if how == "one in ten" else "0.png", "smoothed", "nearest neighbour", "classes.csv")


def test_thin_classes_of_a_list_are_no_smoothed_edges(tmp_path: Path) -> None:
    mask = areas(0, 255)
    mask[:, 7] = 128
    folder = a_set(tmp_path, [mask, mask], "index,name\n0,out\n128,edge\n255,in\n")
    assert table(folder).names == ("out", "edge", "in")
    (folder / "classes.csv").unlink()
    refused(folder, "128", "smoothed")


def test_noise_of_few_classes_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [np.random.default_rng(n).integers(0, 3, (24, 32), dtype=np.uint8) for n in range(3)])
    assert table(folder).values == (0, 1, 2)


@pytest.mark.parametrize("how", ["m.jpg", "m.webp", "jpeg called .png"])
def test_masks_stored_with_loss_are_refused(tmp_path: Path, how: str) -> None:
    folder = a_set(tmp_path, [areas(0, 255)] * 2)
    (folder / "masks" / "1.png").unlink()
    if how == "jpeg called .png":
        stored(folder / "masks" / "1.png", areas(0, 255), format="JPEG")
    else:
        stored(folder / "masks" / f"1{Path(how).suffix}", areas(0, 255))
    refused(folder, "1.", "with loss", "Export it anew")


@pytest.mark.parametrize("classes", ["", LIST])
def test_one_damaged_mask_among_twenty(tmp_path: Path, classes: str) -> None:
    """G29: the values and the file are named."""
    masks = [areas(0, 1, 2, seed=n) for n in range(20)]
    masks[13] = np.random.default_rng(0).integers(0, 256, masks[0].shape, dtype=np.uint8)
    strange = {*np.unique(masks[13]).tolist()} - {0, 1, 2, 255}  # which stands beside others: void
    refused(
        a_set(tmp_path, masks, classes),
        f"13.png holds {len(strange)} values",
        f"3 to {next(v for v in range(3, 256) if v + 1 not in strange)}",
        "noise",
    )


def test_ids_of_another_numbering(tmp_path: Path) -> None:
    """G01: 34 ids and a net of 19 classes."""
    ids = [7, 8, *range(11, 34)]
    classes = "index,name\n" + "".join(f"{n},class{n}\n" for n in range(19)) + "255,void\n"
    masks = [areas(*ids, hw=(24, 100)), areas(0, *ids, hw=(24, 104))]
    refused(a_set(tmp_path, masks, classes), "19 to 33", "0, 7, 8, 11 to 33", "19 classes", "labelIds", "labelTrainIds")


def test_unknown_values_and_colours_are_listed_with_their_files(tmp_path: Path) -> None:
    masks = [areas(0, 1), areas(0, 1, 7), areas(2, 1), areas(0, 9)]
    error = refused(a_set(tmp_path / "a", masks, LIST), "1.png, 3.png hold values that classes.csv does not list: 7, 9.")
    assert "2.png" not in str(error)
    colours = np.concatenate([COLOURS, [[1, 2, 3]]]).astype(np.uint8)
    refused(a_set(tmp_path / "b", [colours[areas(0, 1)], colours[areas(0, 3)]], LIST), "1.png holds", "#010203")
    refused(a_set(tmp_path / "c", [colours[areas(0, 1)]] * 2, "index,name\n0,a\n1,b\n"), "classes.csv says none")


def test_nothing_to_learn_is_refused(tmp_path: Path) -> None:
    classes = "index,name\n0,a\n1,b\n2,void\n"
    refused(a_set(tmp_path / "void", [areas(2, 2)] * 3, classes), "All 3 masks are void everywhere")
    refused(a_set(tmp_path / "one", [areas(0, 0)] * 3), "one class only", "background")
    refused(a_set(tmp_path / "one and void", [areas(1, 2)] * 3, classes), "one class only: 1 (b)")
    found = table(a_set(tmp_path / "some", [areas(0, 1), areas(2, 2)], classes))
    assert "1.png holds void alone, of which nothing is learnt." in found.said


def test_sizes_that_differ_are_both_named(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 1, seed=n) for n in range(4)])
    stored(folder / "masks" / "2.png", areas(0, 1, hw=(12, 16)))
    refused(folder, "1 of 4 masks has another size", "2.png is 16 × 12", "32 × 24")
    stored(folder / "masks" / "2.png", areas(0, 1, hw=(32, 24)))
    refused(folder, "2.png is 24 × 32")


def test_a_turned_photo_has_the_size_that_one_sees(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 1, hw=(60, 40))] * 2)
    exif = Image.Exif()
    exif[0x0112] = 6
    for n in range(2):
        (folder / "images" / f"{n}.png").unlink()
        stored(folder / "images" / f"{n}.jpg", photo((40, 60)), exif=exif)
    assert table(folder).values == (0, 1)


def test_as_they_lie() -> None:
    """Pictures and masks side by side, each mask of another size."""
    given("people")
    with pytest.raises(InputError, match=r"6 of 6 masks have another size.*64\.png is 678 × 369 and 64\.jpg 735 × 400"):
        discovered(io.open_labelled(DATA / "people" / "as-they-lie"))


@pytest.mark.parametrize("part", ["images", "masks"])
@pytest.mark.parametrize("how", ["cut", "empty", "text"])
def test_a_broken_file_is_found_before_anything_is_learnt(tmp_path: Path, part: str, how: str) -> None:
    folder = a_set(tmp_path, [areas(0, 1, hw=(40, 60), seed=n) for n in range(6)])
    for n in (2, 4):
        path = folder / part / f"{n}.png"
        path.write_bytes({"cut": path.read_bytes()[:-30], "empty": b"", "text": b"<html>404</html>"}[how])
    refused(folder, "2 files cannot be learnt from: 2.png, 4.png.")
    (folder / part / "2.png").write_bytes((folder / part / "3.png").read_bytes())
    refused(folder, "4.png")


def test_instances_are_no_classes(tmp_path: Path) -> None:
    many = np.repeat(np.repeat(np.arange(400, dtype=np.uint16).reshape(20, 20), 2, axis=0), 2, axis=1)
    refused(a_set(tmp_path, [many] * 2), "0.png alone 400", "at most 254 classes")


def test_only_masks_that_the_table_knows_become_numbers(tmp_path: Path) -> None:
    found = table(a_set(tmp_path / "a", [areas(0, 1, 5)] * 2))
    for n, strange in enumerate((areas(0, 1, 6), areas(0, 1, 300), COLOURS[areas(0, 1)])):
        with pytest.raises(InputError, match=f"{n}.png"):
            found.numbers(io.open_mask(stored(tmp_path / f"{n}.png", strange)))


def test_a_table_is_data(tmp_path: Path) -> None:
    import tomllib

    from zorki.train.folder import toml

    for n, masks in enumerate(([areas(0, 1, 255)] * 2, [COLOURS[areas(0, 1, 2)]] * 2)):
        found = table(a_set(tmp_path / str(n), masks, picture=lambda n: areas(0, 4000)))
        again = Table.of(tomllib.loads(toml(found.to_dict() | {"pictures": {}})) | {"pictures": found.pictures.to_dict()})
        assert again.to_dict() == found.to_dict()
        mask = io.open_mask(tmp_path / str(n) / "masks" / "0.png")
        assert np.array_equal(again.numbers(mask), found.numbers(mask))


def test_the_table_is_said_aloud(tmp_path: Path) -> None:
    half = areas(0, 1)
    lines = table(a_set(tmp_path, [indexed(half), indexed(half), indexed(np.where(half, 255, 255))])).lines()
    assert lines == [
        "255 stands beside other values: it is void, and counts nowhere.",
        "The masks hold 0 and 1, so there are two classes: 0 is background, 1 is foreground. classes.csv would name them.",
        "2.png holds void alone, of which nothing is learnt.",
        "value   0 → 0 background #000000 50.0 % of the pixels",
        "value   1 → 1 foreground #800000 50.0 % of the pixels",
        "value 255 → void, counts nowhere: 33.3 %",
    ]


@pytest.mark.parametrize(("rows", "words"), [
    ("0,a,#000000\n1,a,#800000\n", "the name a twice"), ("0,a,#000000\n1,b,#000000\n", "the colour #000000 twice"), ("0,a,black\n1,b,\n", "the colour 'black'"),
])  # fmt: skip
def test_a_list_that_tells_no_classes_apart(tmp_path: Path, rows: str, words: str) -> None:
    refused(a_set(tmp_path, [COLOURS[areas(0, 1)]] * 2, f"index,name,colour\n{rows}"), words)


def test_small_things_beside_void_are_no_smoothed_edges(tmp_path: Path) -> None:
    """Vessels a pixel wide, and void outside of the eye."""
    mask = areas(0, 255)
    mask[:, [3, 7, 11]] = 1
    assert table(a_set(tmp_path, [mask, mask])).values == (0, 1)


def test_progress_is_told(tmp_path: Path) -> None:
    heard: list[events.Event] = []
    with events.listen(heard.append):
        table(a_set(tmp_path, [areas(0, 1)] * 5))
    assert [(e.stage, e.step, e.of) for e in heard] == [("masks", n, 5) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0], "0"),
        ([3, 1, 2], "1 to 3"),
        ([0, 1, 5], "0, 1, 5"),
        (range(0, 60, 2), "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22 … (30 in all)"),
    ],
)
def test_values_as_people_read_them(values: Any, said: str) -> None:
    assert spelled(values, "number") == said


def test_the_three_habits() -> None:
    """Of real sets: what is found, counted by another way too."""
    val = replace(given("camvid"), splits={"val": given("camvid").splits["val"]})
    camvid = discovered(val)
    assert (len(camvid.names), camvid.names[0], camvid.void, camvid.by) == (11, "sky", (11,), "number")
    assert camvid.colours[3] == "#804080"
    often = sum(np.bincount(np.asarray(Image.open(e.mask)).ravel(), minlength=12) for e in val.splits["val"])
    assert (*camvid.pixels, camvid.void_pixels) == tuple(often)
    people = discovered(given("people"))
    assert (people.names, people.pictures.channels) == (("background", "foreground"), 3)
    membrane = discovered(given("membrane"))
    assert (membrane.values, membrane.pictures.channels) == ((0, 255), 1)


def test_pictures_of_any_depth_and_bands_are_looked_at(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 1)] * 2)
    for n in range(2):
        (folder / "images" / f"{n}.png").unlink()
        tifffile.imwrite(
            folder / "images" / f"{n}.tif", np.full((*areas(0, 1).shape, 6), 9, np.uint16), photometric="minisblack", planarconfig="contig"
        )
    assert table(folder).pictures.channels == 6
