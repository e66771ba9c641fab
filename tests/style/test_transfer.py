"""Style transfer as a person meets it: sizes, colours, mixtures, masks, states, and inputs that broke other tools."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from tests.toys import state, toy
from zorki import io, jobs, lens
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.painting import painter
from zorki.wings.style import transfer
from zorki.wings.style.transfer import Settings

QUICK = {"steps": 3, "size": 48}


def net() -> lens.Net:
    return lens.Net(toy(), name="toy", side=32)


def noise(*hw: int, seed: int = 0) -> torch.Tensor:
    small = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(small, hw, mode="bicubic").clamp(0, 1)


def drawn(content: Any, *styles: Any, **options: Any) -> tuple[torch.Tensor, list[str]]:
    """The result (1, 3, h, w) and what was said."""
    notes: list[str] = []
    masks = options.pop("mask", None)
    begin = options.pop("begin", None)
    given = (
        net(), content, io.PhotoSet([array(s) for s in styles]), None if masks is None else io.PhotoSet([array(m) for m in masks]), begin,
        Settings(**{**QUICK, **options}),
    )  # fmt: skip
    with events.listen(lambda e: notes.append(e.note)):
        last = list(transfer.run(*given))[-1]
    return last.image(), [n for n in notes if n]


def array(x: Any) -> Any:
    return x[0].permute(1, 2, 0).numpy() if isinstance(x, torch.Tensor) and x.ndim == 4 else x


@pytest.mark.parametrize("hw", [(40, 61), (97, 33), (1, 1), (5, 90), (64, 64)])
def test_the_result_has_the_contents_size(hw: tuple[int, int]) -> None:
    made, _ = drawn(noise(*hw), noise(50, 40, seed=1))
    assert tuple(made.shape) == (1, 3, *hw)
    assert bool(made.isfinite().all())


@pytest.mark.parametrize(
    "style",
    [np.full((30, 30, 3), 0.4, np.float32), np.zeros((20, 20, 3), np.float32), np.ones((20, 20, 3), np.float32), np.full((1, 1, 3), 0.7, np.float32),
     np.indices((32, 32)).sum(0)[..., None].repeat(3, 2) % 2 * np.float32(1), np.random.default_rng(0).random((4096, 4, 3), np.float32),
     (np.arange(48) % 9 == 0)[None, :, None].repeat(30, 0).repeat(3, 2).astype(np.float32), np.repeat(np.float32([[[1, 0, 0]] * 15 + [[0, 0, 1]] * 15]), 30, 0)],
    ids=["flat", "black", "white", "one pixel", "checkerboard", "a strip", "lines", "two colours"],
)  # fmt: skip
@pytest.mark.parametrize("statistics", ["gram", "w2"])
@pytest.mark.parametrize("colours", ["style", "luminance", "histogram", "linear"])
def test_every_style_gives_numbers(style: np.ndarray, statistics: str, colours: str) -> None:
    """T01 (every way with colours), T21."""
    made, _ = drawn(noise(40, 40), style, statistics=statistics, colours=colours)
    assert bool(made.isfinite().all())


@pytest.mark.parametrize("colours", ["style", "luminance", "histogram", "linear"])
@pytest.mark.parametrize("start", ["content", "noise"])
def test_grey_stays_grey(colours: str, start: str) -> None:
    """T23."""
    ramp = torch.linspace(0, 1, 40).expand(1, 3, 40, 40)
    made, _ = drawn(ramp, ramp.transpose(2, 3).flip(2), colours=colours, start=start)
    assert float((made.amax(1) - made.amin(1)).max()) * 255 <= 1


@pytest.mark.parametrize("hw", [(48, 48), (96, 130)])
def test_luminance_keeps_the_photos_chroma(hw: tuple[int, int]) -> None:
    """In the size worked at, and where it is carried over."""
    photo = noise(*hw) * 0.4 + 0.3
    made, _ = drawn(photo, np.indices((40, 40)).sum(0)[..., None].repeat(3, 2) // 4 % 2 * np.float32(1), colours="luminance")
    apart = (made - photo)[0]
    assert float((apart - apart.mean(0)).abs().max()) < 1e-3
    assert float(apart.abs().max()) > 0.01


@pytest.mark.parametrize("how", ["histogram", "linear"])
def test_a_style_with_the_photos_colours_has_them(how: str) -> None:
    from skimage.exposure import match_histograms

    from zorki.pixels import colour

    style, photo = noise(40, 50, seed=1), noise(30, 30) * 0.5 + 0.2
    made = colour.like(how, style, photo)
    if how == "histogram":
        expected = match_histograms(array(style), array(photo), channel_axis=-1)
        assert np.abs(array(made) - expected).max() < 0.02
    else:
        assert torch.allclose(made.mean((2, 3)), photo.mean((2, 3)), atol=0.02)


def test_strength_nothing_is_the_photo_and_half_lies_between() -> None:
    photo, style = noise(40, 40) * 0.5 + 0.25, noise(40, 40, seed=1)
    whole, none, half = (drawn(photo, style, strength=k)[0] for k in (1.0, 0.0, 0.5))
    assert torch.equal(none, photo)
    assert torch.allclose(half, (whole + photo) / 2, atol=1e-5)


def test_the_photo_as_its_own_style_is_left_alone_and_this_is_said() -> None:
    """T17."""
    photo = noise(40, 56)
    made, notes = drawn(photo, photo)
    assert torch.equal(made, photo)
    assert any("nothing to do" in n for n in notes)


@pytest.mark.parametrize("colours", ["style", "luminance", "histogram", "linear"])
def test_transparent_parts_of_a_style_count_nowhere(colours: str) -> None:
    """Neither in the statistics nor in the colours of the start: what is painted there may be anything."""
    style = np.concatenate([array(noise(40, 40, seed=1)), np.ones((40, 40, 1), np.float32)], 2)
    style[:, 20:, 3] = 0
    other = style.copy()
    style[:, 22:, :3], other[:, 22:, :3] = 1, (1, 0, 0)  # two pixels apart: a small picture's pixels are means of large ones
    one, two = (drawn(noise(40, 40), s, colours=colours, layers=("1",), content_layer="1")[0] for s in (style, other))
    opaque = drawn(noise(40, 40), other[..., :3], colours=colours, layers=("1",), content_layer="1")[0]
    assert float((one - two).abs().max()) < 0.02
    assert float((one - opaque).abs().mean()) > 10 * float((one - two).abs().mean())


def test_a_style_that_is_transparent_all_over_is_none() -> None:
    with pytest.raises(InputError, match="transparent all over"):
        drawn(noise(40, 40), np.zeros((40, 40, 4), np.float32))


def test_a_mixture_of_one_and_nothing_is_the_one() -> None:
    a, b = noise(40, 40, seed=1), noise(40, 40, seed=2)
    one, mixed, both = drawn(noise(40, 40), a)[0], drawn(noise(40, 40), a, b, mix="1,0")[0], drawn(noise(40, 40), a, b)[0]
    assert torch.allclose(one, mixed, atol=1e-4)
    assert not torch.allclose(one, both, atol=1e-2)
    for bad in ("1", "1,2,3", "a,b", "0,0", "-1,2"):
        with pytest.raises(InputError, match=r"^mix"):
            drawn(noise(40, 40), a, b, mix=bad)


def test_masks_say_where_each_style_goes_and_the_photo_stays_elsewhere() -> None:
    left = np.zeros((40, 48, 3), np.float32)
    left[:, :16] = 1
    right = np.zeros((40, 48, 3), np.float32)
    right[:, 32:] = 1
    photo = noise(40, 48)
    made, _ = drawn(photo, noise(40, 40, seed=1), noise(40, 40, seed=2), mask=[left, right])
    assert torch.equal(made[..., 17:31], photo[..., 17:31])
    assert float((made - photo).abs()[..., :16].mean()) > 1e-3
    with pytest.raises(InputError, match="1 masks for 2 styles"):
        drawn(photo, noise(40, 40, seed=1), noise(40, 40, seed=2), mask=[left])
    _, notes = drawn(photo, noise(40, 40, seed=1), mask=[np.zeros((20, 24, 3), np.float32)])
    assert any("brought to that size" in n for n in notes)
    assert any("black all over" in n for n in notes)


def test_a_turned_mask_is_refused_with_both_sizes() -> None:
    """A mask turned by a quarter would be stretched without a word."""
    with pytest.raises(InputError, match="Mask 1 has 40 × 48 pixels, the photo 48 × 40"):
        drawn(noise(40, 48), noise(40, 40, seed=1), mask=[np.ones((48, 40, 3), np.float32)])


@pytest.mark.parametrize("options", [{}, {"optimiser": "lbfgs"}, {"size": 600}])
def test_going_on_from_a_state_is_bit_by_bit_the_unbroken_run(options: dict[str, Any], tmp_path: Path) -> None:
    photo = noise(340, 40) if "size" in options else noise(40, 40)
    style, file = noise(40, 40, seed=1), str(tmp_path / "s.state")
    whole = drawn(photo, style, **options, steps=6)[0]
    for stop in (2, 8):
        run = transfer.run(net(), photo, io.PhotoSet([array(style)]), s=Settings(**{**QUICK, **options, "steps": 6}, state=file))
        for n, _ in enumerate(run, 1):
            if n == stop:
                break
        run.close()
    again, notes = drawn(photo, style, **options, steps=6, state=file)
    assert torch.equal(again, whole)
    assert any("Going on" in n or "finished" in n for n in notes)
    assert torch.equal(drawn(photo, style, **options, steps=6, state=file)[0], whole), "finished, it is there still"
    with pytest.raises(InputError, match="no state of this very command"):
        drawn(photo, style, **options, steps=7, state=file)


@pytest.mark.parametrize("how", ["nan", "jump"])
def test_what_goes_wrong_inside_is_told_and_the_good_picture_kept(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """T07, T11."""
    from zorki.painting.painter import Painter
    from zorki.pixels.driver import Judged

    real, seen = Painter.judge, [0]

    def broken(self: Painter, x: torch.Tensor) -> Judged:
        seen[0] += 1
        j = real(self, x)
        if seen[0] != 7:  # two looks to foresee the time, and five updates
            return j
        return (
            Judged(float("nan"), {**j.parts, "style 1": float("nan")}, j.slopes)
            if how == "nan"
            else Judged(j.loss * 1e4, j.parts, j.slopes)
        )

    monkeypatch.setattr(Painter, "judge", broken)
    if how == "nan":
        with pytest.raises(Stopped, match=r"Step 5 of 8: style 1 is not a finite number"):
            drawn(noise(40, 40), noise(40, 40, seed=1), steps=8)
    else:
        _, notes = drawn(noise(40, 40), noise(40, 40, seed=1), steps=8)
        assert sum("taken back" in n for n in notes) == 1


def test_carried_up_it_is_the_painting_when_brought_down_again() -> None:
    """At least 35 dB, as long as nothing is clipped."""
    photo = noise(400, 520) * 0.4 + 0.3
    made, notes = drawn(photo, noise(60, 60, seed=1) * 0.4 + 0.3, size=128, variation=0.0)
    small, _ = drawn(
        torch.nn.functional.interpolate(photo, (98, 128), mode="bicubic", antialias=True),
        noise(60, 60, seed=1) * 0.4 + 0.3,
        size=128,
        variation=0.0,
    )
    down = torch.nn.functional.interpolate(made, (98, 128), mode="bicubic", antialias=True)
    assert -10 * torch.log10((down - small).pow(2).mean()) > 35
    assert any("128 × 98 pixels" in n and "carried over" in n for n in notes)


@pytest.mark.parametrize("masked", [False, True])
def test_films_and_previews_are_small_and_show_the_same(masked: bool) -> None:
    photo, mask = noise(120, 160), torch.zeros(1, 3, 120, 160)
    mask[..., :80] = 1
    given = (net(), photo, io.PhotoSet([array(noise(40, 40, seed=1))]), io.PhotoSet([array(mask)]) if masked else None, None)
    last = list(transfer.run(*given, Settings(**QUICK)))[-1]
    whole, small = last.image(), last.small(80)
    assert (whole.shape, small.shape) == ((1, 3, 120, 160), (1, 3, 60, 80))
    down = torch.nn.functional.interpolate(whole, (60, 80), mode="bicubic", antialias=True)
    assert float((down - small).abs().mean()) < 0.01
    assert float((small - torch.nn.functional.interpolate(photo, (60, 80), mode="bicubic", antialias=True)).abs().mean()) > 0.02
    assert last.small(20).shape == (1, 3, 36, 48), "never below the size worked at, which costs nothing"


def test_full_paints_every_pixel_in_tiles_as_if_there_were_none(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, style = noise(96, 128), noise(60, 60, seed=1)
    whole, _ = drawn(photo, style, size=48, full=True, steps=4)
    monkeypatch.setattr("zorki.pixels.tiles.ROOM", 3e5 / painter.WIDE)
    tiled, _ = drawn(photo, style, size=48, full=True, steps=4)
    assert float((tiled - whole).abs().max()) < 0.02
    assert float((tiled - whole).pow(2).mean().sqrt()) < 1e-3


def test_a_grid_is_a_sheet_of_nine_with_its_weights(tmp_path: Path) -> None:
    Image.fromarray(data.chelsea()[::4, ::4]).save(tmp_path / "cat.png")
    board = jobs.Job(
        jobs.method("style", "transfer"), net(), {"content": tmp_path / "cat.png", "style": array(noise(40, 40, seed=1))},
        Settings(**QUICK, grid=True),
    ).finish()  # fmt: skip
    assert isinstance(board, jobs.Board)
    assert [t.caption for t in board.tiles][::4] == ["content 0.005, style 0.25", "content 0.02, style 1", "content 0.08, style 4"]


def test_the_net_comes_back_as_it_was() -> None:
    n = net()
    before = state(n.module)
    run = transfer.run(n, noise(40, 40), io.PhotoSet([array(noise(40, 40, seed=1))]), s=Settings(**QUICK))
    next(run)
    assert state(n.module) == before
    run.close()
    assert state(n.module) == before


def test_several_styles_with_odd_names_on_the_command_line(tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """T13. Through a real process once."""
    monkeypatch.chdir(tmp_path)
    names = ["a,b.png", "a b.png", "стиль é.png"]
    for k, name in enumerate(names):
        io.save_photo(tmp_path / name, array(noise(24, 24, seed=k)))
    options = ["--steps", "1", "--size", "24", "--mix", "2,1", "--quiet", "--out", "o.png"]
    call = [sys.executable, "-m", "zorki", "style", "transfer", *names, *options]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = io.read_settings(tmp_path / "o.png")
    assert record is not None
    assert record["pictures"] == {"content": "a,b.png", "style": ["a b.png", "стиль é.png"]}
    assert "'a b.png' 'стиль é.png' --mix 2,1" in command("again", "o.png", "--show")[1]
    (tmp_path / "o.png").unlink()
    status, _, err = command("style", "transfer", names[0], "no such, file.png", *options)
    assert status == 2
    assert "no such, file.png" in err


def test_the_same_style_twice_counts_twice() -> None:
    one, other = noise(40, 40, seed=1), noise(40, 40, seed=2)
    twice, _ = drawn(noise(40, 40), one, one, other, mix="1,1,2")
    once, _ = drawn(noise(40, 40), one, other, mix="1,1")
    assert float((twice - once).abs().mean()) < 0.01


def test_an_update_that_nobody_judged_is_not_what_is_kept() -> None:
    photo = noise(40, 40) * 0.5 + 0.25
    made, notes = drawn(photo, noise(40, 40, seed=1), rate=1e30, steps=4)
    assert any("taken back" in n for n in notes)
    assert float((made - photo).abs().mean()) < 0.2, "no noise"


def test_weights_of_layers_are_no_less_than_nothing() -> None:
    from zorki.core import settings

    with pytest.raises(InputError, match="at least 0"):
        settings.fill(Settings, {}, None, {"layers": ["1"], "layer_weights": [-1.0]})


@pytest.mark.parametrize("hw", [(300, 451), (97, 130), (61, 40)])
def test_a_photo_is_like_itself_whatever_its_size(hw: tuple[int, int]) -> None:
    """T17: both are brought to sizes that the net takes, and to the same one."""
    photo = noise(*hw)
    made, notes = drawn(photo, photo, size=96)
    assert torch.equal(made, photo)
    assert any("nothing to do" in n for n in notes)


def test_a_folder_of_styles_is_all_of_them(tmp_path: Path) -> None:
    for k in range(3):
        io.save_photo(tmp_path / f"{k}.png", array(noise(24, 24, seed=k)))
    found = io.PhotoSet([tmp_path, tmp_path / "1.png"], twice=True)
    assert [e.name for e in found.entries] == ["0.png", "1.png", "2.png", "1.png"]
    assert [e.name for e in io.PhotoSet([tmp_path, tmp_path / "1.png"]).entries] == ["0.png", "1.png", "2.png"]
