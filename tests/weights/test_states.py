"""State dicts as trainers leave them: one wrapping, one prefix, counters; all else is told, and the net stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import zorki
from tests.toys import state as all_of
from tests.toys import toy
from zorki.core import events
from zorki.core.errors import WeightsError
from zorki.weights.states import fill

pytestmark = pytest.mark.tiny
STATE = toy(seed=3).state_dict()


def under(prefix: str, state: dict[str, Any] = STATE) -> dict[str, Any]:
    return {prefix + key: x for key, x in state.items()}


@pytest.mark.parametrize(
    ("held", "notes"),
    [
        (STATE, ()),
        (under("module."), ("'module.'",)),
        (under("anything.at.all."), ("'anything.at.all.'",)),
        (under("_orig_mod."), ("'_orig_mod.'",)),
        (under("_orig_mod.module."), ("'_orig_mod.module.'",)),
        ({"epoch": 3, "state_dict": under("model."), "optimizer": {"state": {}, "lr": 0.1}}, ("'state_dict'", "'model.'")),
        ({"model_state_dict": STATE, "loss": torch.ones(())}, ("'model_state_dict'",)),
        ({"optimizer": {"momentum": torch.ones(3)}, "ema": toy(seed=4).state_dict(), "model": STATE}, ("'model'",)),
        ({**STATE, "total_ops": torch.zeros(1), "0.total_params": torch.zeros(1)}, ("total_ops", "0.total_params")),
        ({**under("module."), "n_averaged": torch.tensor(4)}, ("'module.'", "n_averaged")),
    ],
    ids=["plain", "parallel", "any prefix", "compiled", "both", "Lightning", "trainer", "two of them", "counters", "averaged"],
)
def test_what_trainers_write_is_read_and_what_is_done_is_said(tmp_path: Path, held: dict[str, Any], notes: tuple[str, ...]) -> None:
    torch.save(held, tmp_path / "w.pth")
    module, heard = toy(), []
    with events.listen(lambda e: heard.append(e.note)):
        fill(module, tmp_path / "w.pth")
    assert all(torch.equal(x, STATE[key]) for key, x in module.state_dict().items())
    assert len(heard) == bool(notes)
    assert all(word in heard[0] for word in notes)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (under("backbone.features.", toy(classes=5).state_dict()) | {"backbone.head.weight": torch.ones(3)}, r"begin with backbone\., the network's with 0\.weight"),
        ({"a.weight": torch.ones(3)}, r"begin with a\., the network's"),
        ({key: x for key, x in STATE.items() if key != "7.bias"}, "1 missing, as 7.bias"),
        (STATE | {"8.weight": torch.ones(3)}, "1 too many, as 8.weight"),
        (toy(classes=6).state_dict(), r"7.weight is \(5, 12\) in the network and \(6, 12\) in the file"),
        ({"epoch": 3}, "holds no state dict"),
        ([torch.ones(3)], "holds no state dict"),
    ],
    ids=["prefix of a part", "another prefix", "missing", "too many", "shape", "nothing", "a list"],
)  # fmt: skip
def test_what_does_not_fit_is_told_and_nothing_is_written(tmp_path: Path, held: Any, said: str) -> None:
    torch.save(held, tmp_path / "w.pth")
    module = toy()
    before = all_of(module)
    with pytest.raises(WeightsError, match=said) as e:
        fill(module, tmp_path / "w.pth")
    assert str(e.value).startswith("w.pth ")
    assert len(str(e.value)) < 250
    assert all_of(module) == before


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.pth")
    save_file(STATE, tmp_path / "w.safetensors")
    for name in ("w.pth", "w.safetensors"):
        whole = (tmp_path / name).read_bytes()
        for cut in (0, 10, len(whole) // 2):
            (tmp_path / name).write_bytes(whole[:cut])
            with pytest.raises(WeightsError, match=name):
                fill(toy(), tmp_path / name)


def test_old_files_without_counters_and_modules_that_know_their_versions(tmp_path: Path) -> None:
    class Aged(nn.Module):
        _version = 2

        def __init__(self) -> None:
            super().__init__()
            self.norm, self.seen = nn.BatchNorm2d(3), []

        def _load_from_state_dict(self, state: Any, prefix: str, metadata: dict[str, Any], *more: Any) -> None:
            self.seen.append(metadata.get("version"))
            super()._load_from_state_dict(state, prefix, metadata, *more)

    holder = nn.ModuleDict({"model": Aged()})
    nn.init.constant_(holder["model"].norm.weight, 7)  # type: ignore[arg-type, union-attr]
    torch.save(holder.state_dict(), tmp_path / "w.pth")
    module = Aged()
    fill(module, tmp_path / "w.pth")
    assert module.seen == [2]
    old = {key: x for key, x in holder.state_dict().items() if "num_batches" not in key}
    torch.save(old, tmp_path / "w.pth")
    for target in (Aged(), nn.DataParallel(Aged())):
        net = zorki.load(target, weights=tmp_path / "w.pth")
        assert net.inner.norm.weight.tolist() == [7, 7, 7]  # type: ignore[index, union-attr]


def test_a_compiled_part_is_filled_by_plain_keys_and_the_other_way_round(tmp_path: Path) -> None:
    def built(change: Callable[[nn.Module], Any]) -> nn.Module:
        return nn.Sequential(change(toy()), nn.Softmax(1))

    some = built(lambda m: torch.compile(m, backend="eager"))
    torch.save(built(lambda _: toy(seed=3)).state_dict(), tmp_path / "w.pth")
    fill(some, tmp_path / "w.pth")
    assert torch.equal(some.state_dict()["0._orig_mod.7.bias"], STATE["7.bias"])
    torch.save(some.state_dict(), tmp_path / "w.pth")
    other = built(lambda m: m)
    fill(other, tmp_path / "w.pth")
    assert torch.equal(other.state_dict()["0.7.bias"], STATE["7.bias"])
