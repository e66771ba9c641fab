"""`locate predict` on the command line and in Python: each kind of file, each kind of input, what is refused, what is never half-written."""

from __future__ import annotations

import errno
import io as streams
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

import zorki
from tests.io import films
from tests.locate.laid import HEAD, TWO, lay, opened, table
from tests.locating.painted import RED, net, painted
from zorki import io
from zorki.core.errors import InputError, UnknownName

pytestmark = pytest.mark.wings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay()
    return tmp_path


@pytest.fixture
def predict(command: Any) -> Any:
    return lambda *words: command("locate", "predict", *words, "--model", "net.py:many", "--quiet")


def test_without_out_the_photo_with_boxes_named_after_input_and_command(predict: Any) -> None:
    status, out, _ = predict("photo.png")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split() == ["98.2%", "10", "8", "40", "30", "class", "0"]
    assert lines[2:] == ["1 class 0, 1 class 1", "photo.predict.png"]
    seen = np.array(opened("photo.predict.png"))
    true = painted((120, 200), TWO, blue=(1,))
    assert seen.shape == (120, 200, 3)
    assert (seen[22:36, 14:46] == true[22:36, 14:46]).all()  # the thing is still seen
    assert (seen != true).any(-1).sum() > 200
    record = io.read_settings("photo.predict.png")
    assert record is not None
    assert (record["command"], len(record["rows"])) == (["locate", "predict"], 2)


def test_a_photo_comes_back_in_its_own_format(predict: Any) -> None:
    opened("photo.png").save("p.jpg", quality=95)
    assert predict("p.jpg", "--json")[1].count("p.predict.jpg") == 1
    with Image.open("p.predict.jpg") as image:
        assert image.format == "JPEG"


def test_json_tells_the_boxes(predict: Any) -> None:
    status, out, _ = predict("photo.png", "--json")
    said = json.loads(out)
    assert (status, said["command"], said["out"], said["size"]) == (0, ["locate", "predict"], ["photo.predict.png"], [200, 120])
    assert said["counts"] == {"class 0": 1, "class 1": 1}
    assert said["seconds"] > 0
    assert said["boxes"] == [
        {"class": "class 0", "score": 0.982, "x": 10, "y": 8, "w": 40, "h": 30},
        {"class": "class 1", "score": 0.9818, "x": 100, "y": 50, "w": 30, "h": 60},
    ]


def test_tables_and_coco(predict: Any) -> None:
    assert predict("photo.png", "-o", "b.csv")[0] == 0
    rows = table(Path("b.csv").read_text(encoding="utf-8"))
    assert rows == [HEAD, ["photo.png", "class 0", "10.0", "8.0", "40.0", "30.0", "0.982"], ["photo.png", "class 1", "100.0", "50.0", "30.0", "60.0", "0.9818"]]  # fmt: skip
    assert predict("photo.png", "-o", "b.json")[0] == 0
    data = json.loads(Path("b.json").read_text(encoding="utf-8"))
    assert (data["picture"], data["size"], [b["class"] for b in data["boxes"]]) == ("photo.png", [200, 120], ["class 0", "class 1"])
    assert predict("photo.png", "-o", "c.json", "--as", "coco")[0] == 0
    coco = json.loads(Path("c.json").read_text(encoding="utf-8"))
    assert coco["images"] == [{"id": 1, "file_name": "photo.png", "width": 200, "height": 120}]
    assert [c["name"] for c in coco["categories"]] == ["class 0", "class 1"]
    assert [(a["category_id"], a["bbox"], a["area"], a["score"]) for a in coco["annotations"]] == [
        (0, [10, 8, 40, 30], 1200, 0.982),
        (1, [100, 50, 30, 60], 1800, 0.9818),
    ]
    assert [(io.read_settings(f) or {})["command"] for f in ("b.json", "c.json")] == [["locate", "predict"]] * 2


def test_coco_is_read_back_as_it_was(predict: Any) -> None:
    """By the reader of annotations, which knows nothing of this."""
    from zorki import formats

    assert predict("photo.png", "-o", "c.json", "--as", "coco")[0] == 0
    read = formats.read(formats.Place("c.json"))
    (one,) = (one for some in read.splits.values() for one in some)
    assert [(t.label, tuple(t.box)) for t in one.things] == [("class 0", (10, 8, 40, 30)), ("class 1", (100, 50, 30, 60))]


def test_crops_are_a_zip_of_pictures_with_a_table(predict: Any) -> None:
    assert predict("photo.png", "-o", "c.zip")[0] == 0
    with zipfile.ZipFile("c.zip") as archive:
        names = archive.namelist()
        assert names == ["1-class-0.png", "2-class-1.png", "boxes.csv"]
        first = np.array(Image.open(streams.BytesIO(archive.read(names[0]))))
        assert (first.shape, bool((first == RED).all())) == ((30, 40, 3), True)
        rows = table(archive.read("boxes.csv").decode())
    assert rows[0] == ["crop", *HEAD]
    assert rows[2][:3] == ["2-class-1.png", "photo.png", "class 1"]
    assert (io.read_settings("c.zip") or {})["command"] == ["locate", "predict"]
    assert len(io.PhotoSet("c.zip").entries) == 2  # a zip is an input as any folder


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--least", "0.99"), []),
        (("--least", "0.9819"), ["class 0"]),
        (("--classes", "class 1"), ["class 1"]),
        (("--classes", "1,class 0"), ["class 0", "class 1"]),
        (("--most", "1"), ["class 0"]),
        (("--most", "1", "--classes", "class 1"), ["class 1"]),
        (("--size", "50"), ["class 0", "class 1"]),
        (("--tile", "64"), ["class 0", "class 1"]),
    ],
)
def test_what_is_looked_for(predict: Any, words: tuple[str, ...], expected: list[str]) -> None:
    said = json.loads(predict("photo.png", "--json", *words)[1])
    assert [b["class"] for b in said["boxes"]] == expected


def test_nothing_found_is_an_answer(predict: Any) -> None:
    Image.fromarray(painted((50, 60), [])).save("empty.png")
    status, out, _ = predict("empty.png")
    assert (status, out.splitlines()) == (0, ["nothing was found", "empty.predict.png"])
    assert json.loads(predict("empty.png", "--json")[1])["boxes"] == []
    for name in ("e.csv", "e.json", "e.zip"):
        assert predict("empty.png", "-o", name)[0] == 0
    assert table(Path("e.csv").read_text(encoding="utf-8")) == [HEAD]


def test_a_folder_gives_pictures_and_one_table_and_the_same_command_goes_on(predict: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("photos").mkdir()
    for i in range(3):
        Image.fromarray(painted((60, 90), [(10 * i, 5, 20, 30), (60, 20, 20, 20)][: 1 + i % 2], blue=(1,))).save(f"photos/{i}.png")
    Path("photos/broken.jpg").write_bytes(b"no picture")
    words = ("photos", "-o", "out")
    status, out, _ = predict(*words, "--json")
    said = json.loads(out)
    assert (status, said["counts"]) == (3, {"class 0": 3, "class 1": 1})
    assert [len(r["boxes"]) for r in said["results"]] == [1, 2, 1]
    assert said["failed"][0]["photo"] == "broken.jpg"
    files = sorted(p.name for p in Path("out").iterdir())
    assert files == ["0.predict.png", "1.predict.png", "2.predict.png", "boxes.csv"]
    first = Path("out/boxes.csv").read_text(encoding="utf-8")
    assert [row[:2] for row in table(first)] == [HEAD[:2], ["0.png", "class 0"], ["1.png", "class 0"], ["1.png", "class 1"], ["2.png", "class 0"]]  # fmt: skip

    Path("out/1.predict.png").unlink()
    looked: list[Any] = []
    from zorki.wings.locate import predict as method

    found = method.found
    monkeypatch.setattr(method, "found", lambda net, photo, *more: looked.append(photo.name) or found(net, photo, *more))
    status, out, _ = predict(*words)
    assert looked == ["1.png"]  # of the others the pictures tell
    assert "in all: 3 class 0, 1 class 1" in out
    assert Path("out/boxes.csv").read_text(encoding="utf-8") == first
    assert sorted(p.name for p in Path("out").iterdir()) == files


def test_a_table_of_somebody_elses_stays(predict: Any) -> None:
    Path("photos").mkdir()
    Path("out").mkdir()
    Image.fromarray(painted((60, 90), TWO[:1])).save("photos/0.png")
    Path("out/boxes.csv").write_text("mine\n", encoding="utf-8")
    assert predict("photos", "-o", "out")[0] == 0
    assert Path("out/boxes.csv").read_text(encoding="utf-8") == "mine\n"
    assert len(table(Path("out/boxes-2.csv").read_text(encoding="utf-8"))) == 2


def test_in_python_it_has_boxes_names_counts_and_shows_itself() -> None:
    found = zorki.locate.predict(painted((120, 200), TWO, blue=(1,)), model=net(side=200))
    assert found.names == ("apple", "plum")
    assert [b["class"] for b in found.boxes] == ["apple", "plum"]
    assert found.counts == {"apple": 1, "plum": 1}
    assert found.found.boxes.tolist() == [[10, 8, 40, 30], [100, 50, 30, 60]]
    assert found.numpy().shape == (120, 200, 3)
    assert "apple" in repr(found)
    assert found._repr_html_().startswith("<")
    found.save("x.csv")
    assert len(table(Path("x.csv").read_text(encoding="utf-8"))) == 3


def test_one_box_of_a_net_that_gives_one() -> None:
    found = zorki.locate.predict(painted((60, 90), [(30, 20, 30, 30)], blue=(0,)), model=net(one=True, side=90))
    assert [b["class"] for b in found.boxes] == ["plum"]
    assert np.abs(np.array(found.found.boxes[0].tolist()) - [30, 20, 30, 30]).max() <= 2
    assert len(zorki.locate.predict(painted((60, 90), [(30, 20, 30, 30)]), model=net(one=True, side=90), least=0.999).boxes) == 0


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_a_turned_photo_is_told_of_upright(turn: int) -> None:
    upright = painted((120, 200), TWO, blue=(1,))
    exif = Image.Exif()
    exif[274] = turn
    stored = np.rot90(upright, {3: 2, 6: 1, 8: 3}[turn]).copy()
    Image.fromarray(stored).save("turned.png", exif=exif)
    found = zorki.locate.predict("turned.png", model=net())
    assert found.found.boxes.tolist() == [[10, 8, 40, 30], [100, 50, 30, 60]]
    found.save("seen.png")
    assert opened("seen.png").size == (200, 120)
    assert opened("seen.png").getexif().get(274, 1) == 1
    found.save("c.zip")
    with zipfile.ZipFile("c.zip") as archive:
        assert Image.open(streams.BytesIO(archive.read("1-apple.png"))).size == (40, 30)


@pytest.mark.parametrize("kind", ["deep", "grey", "clear", "tiny"])
def test_kinds_of_pictures(kind: str) -> None:
    picture = painted((120, 200), TWO, blue=(1,))
    if kind == "deep":
        tifffile.imwrite("p.tif", picture.astype(np.uint16) * 257, photometric="rgb")
    elif kind == "grey":
        Image.fromarray(picture[..., 0]).save("p.png")
    elif kind == "clear":
        Image.fromarray(np.dstack([picture, np.where(picture[..., 0] == 120, 0, 255).astype(np.uint8)])).save("p.png")
    else:
        Image.fromarray(picture[:10, :10]).save("p.png")
    found = zorki.locate.predict("p.tif" if kind == "deep" else "p.png", model=net(), least=0.1)
    assert len(found.boxes) == {"deep": 2, "grey": 0, "clear": 2, "tiny": 0}[kind]
    found.save("seen.png")
    seen = io.open_photo("seen.png")
    assert seen.hw == found.photo.hw
    if kind == "clear":
        assert seen.alpha is not None
        assert seen.alpha[4, 14] == 1  # the label lies on what is transparent
        assert seen.alpha[100, 20] == 0
    for name in ("c.zip", "b.csv", "b.json"):
        found.save(name)


def test_a_large_tiff_is_read_in_rows(monkeypatch: pytest.MonkeyPatch, predict: Any) -> None:
    monkeypatch.setattr("zorki.io.large.LARGE", 1000)
    monkeypatch.setattr("zorki.locating.looking.TILE", 128)
    tifffile.imwrite("scan.tif", painted((300, 400), TWO), tile=(48, 64), photometric="rgb", compression="zlib")
    status, out, _ = predict("scan.tif", "--json", "--as", "crops")
    said = json.loads(out)
    assert (status, said["size"]) == (0, [400, 300])
    assert sorted((b["x"], b["y"], b["w"], b["h"]) for b in said["boxes"]) == sorted(TWO)
    assert predict("scan.tif", "-o", "seen.jpg")[0] == 0
    assert opened("seen.jpg").size == (400, 300)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("photo.png", "-o", "x.mp3"), "ending"),
        (("photo.png", "-o", "x.png", "--as", "coco"), ".json"),
        (("photo.png", "--classes", "clas 1"), "class 1"),
        (("photo.png", "--classes", ","), "No class is named"),
        (("photo.png", "--least", "1.5"), "from 0 to 1"),
        (("photo.png", "--most", "0"), "at least 1"),
        (("nothing.png",), "nothing.png"),
        (("empty",), "empty"),
        (("sound.mp4",), "sound"),
        (("ride.mp4", "--as", "csv"), "of pictures"),
        (("ride.mp4", "--steady", "50"), "steady"),
    ],
)
def test_what_does_not_fit_is_one_sentence(predict: Any, words: tuple[str, ...], said: str) -> None:
    Path("empty").mkdir()
    films.film(Path("ride.mp4"), 2)
    import av

    with av.open("sound.mp4", "w") as file:
        stream: Any = file.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    before = sorted(p.name for p in Path().iterdir())
    status, out, err = predict(*words)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) <= 4
    assert sorted(p.name for p in Path().iterdir() if p.name != "__pycache__") == [n for n in before if n != "__pycache__"]


def test_a_segmenter_that_ships_and_a_net_without_boxes_are_refused() -> None:
    with pytest.raises(InputError, match="segment"):
        zorki.locate.predict(painted((40, 40), []), model="road")
    with pytest.raises(UnknownName):
        zorki.locate.predict(painted((40, 40), []), model=net(), classes="aple")


def test_a_full_disk_leaves_nothing_half(predict: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki.io import disk

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(p.name for p in Path().iterdir())
    with monkeypatch.context() as broken:
        broken.setattr(disk, "publish", full)
        for name in ("x.png", "x.csv", "x.zip", "x.json"):
            status, _, err = predict("photo.png", "-o", name)
            assert status == 4
            assert "disk is full" in err
    assert sorted(p.name for p in Path().iterdir() if p.name != "__pycache__") == [n for n in before if n != "__pycache__"]


def saved_run(where: Path, **more: Any) -> Path:
    """A detector that was taught nothing, as a training leaves one."""
    import torch
    from safetensors.torch import save_file

    from zorki.nets.detector import Detector

    torch.manual_seed(0)
    module = Detector("lite0", classes=2, width=8, depth=1)
    where.mkdir()
    (where / "config.toml").write_text("", encoding="utf-8")
    save_file(module.state_dict(), where / "best.safetensors")
    lines = {
        "title": "A toy", "licence": "none", "build": "zorki.nets.detector:Detector", "parameters": 1, "side": 96, "data": "none", "not_fit_for": "anything",
        "task": "locate", "classes": ["cup", "pen"],
    } | more  # fmt: skip
    text = "\n".join(f"{k} = {json.dumps(v)}" for k, v in lines.items())
    sizes = "\n".join(f"{k} = {json.dumps(v)}" for k, v in module.sizes().items())
    (where / "card.toml").write_text(f"{text}\n[arguments]\n{sizes}\n", encoding="utf-8")
    return where


def test_a_run_is_a_model_and_sees_pictures_as_it_was_trained(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki import lens

    saved_run(Path("run"))
    seen: list[tuple[int, ...]] = []
    run = lens.Net.run
    monkeypatch.setattr(lens.Net, "run", lambda self, x, **how: seen.append(tuple(x.shape)) or run(self, x, **how))
    status, out, _ = command("locate", "predict", "photo.png", "--model", "run", "--least", "0.001", "--most", "20", "--json", "--quiet")
    said = json.loads(out)
    assert status == 0
    assert seen == [(1, 3, 58, 96)]
    assert len(said["boxes"]) == 20
    assert set(said["counts"]) <= {"cup", "pen"}
    assert all(b["x"] >= 0 and b["y"] >= 0 and b["x"] + b["w"] <= 200.1 and b["y"] + b["h"] <= 120.1 for b in said["boxes"])


def test_a_picture_much_larger_than_what_is_shown_of_it_is_told(command: Any) -> None:
    saved_run(Path("run"))
    Image.fromarray(painted((40, 1200), TWO[:1])).save("wide.png")
    status, _, err = command("locate", "predict", "wide.png", "--model", "run")
    assert (status, "--tile 192" in err) == (0, True), "twice what the network was trained at"
    assert "--tile" not in command("locate", "predict", "wide.png", "--model", "run", "--tile", "96")[2]
    assert "--tile" not in command("locate", "predict", "photo.png", "--model", "run")[2]


def test_nets_for_something_else_are_refused() -> None:
    from tests.toys import toy
    from zorki.nets.segmenter import Segmenter

    for other in (Segmenter(classes=3, width=8).eval(), toy()):
        with pytest.raises(InputError, match="gives no boxes"):
            zorki.locate.predict(painted((40, 40), []), model=other)
