"""The known nets, held to what torchvision's gave (`recipes.known.compare` wrote it down): names, shapes, logits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from recipes.known.compare import NETS, SIZES, built, figures, picture, seeded_state
from zorki.nets.alexnet import AlexNet
from zorki.nets.deep_vgg import DeepVgg

RECORD: dict[str, Any] = json.loads((Path(__file__).parent / "torchvision.json").read_text(encoding="utf-8"))["nets"]
SMALLEST = {name: min(w["min_size"][0] for w in net["weights"].values()) for name, net in RECORD.items()}
ACTIVATIONS = {
    "alexnet": 7,
    "vgg16": 15,
    "vgg19": 18,
    "googlenet": 57,
    "resnet18": 17,
    "resnet50": 49,
    "squeezenet1_0": 26,
    "squeezenet1_1": 26,
}
OFF = 1e-3  # of the largest logit: processors add up in other orders


def shell(name: str) -> nn.Module:
    """A net without numbers: it takes no memory and computes shapes alone."""
    with torch.device("meta"):
        return NETS[name]().to("meta").eval()


def ran(net: nn.Module, height: int, width: int) -> tuple[torch.Tensor, Counter[str]]:
    """The logits of two pictures on the meta device, and how often each module ran."""
    count: Counter[str] = Counter()
    for path, module in net.named_modules():
        module.register_forward_hook(lambda *_, path=path: count.update([path]))
    return net(torch.empty(2, 3, height, width, device="meta")), count


def state(name: str) -> dict[str, torch.Tensor]:
    return seeded_state(dict(RECORD[name]["keys"]))


def test_the_record_holds_every_net() -> None:
    assert list(RECORD) == list(NETS)
    assert all([c["size"] for c in net["checks"]] == [list(s) for s in SIZES] for net in RECORD.values())
    assert all(c["difference"] < 1e-4 for net in RECORD.values() for c in net["checks"]), "what the comparison itself found"


@pytest.mark.tiny
@pytest.mark.parametrize("name", NETS)
def test_names_shapes_and_order_are_those_of_the_official_files(name: str) -> None:
    net = shell(name)
    assert [[key, list(value.shape)] for key, value in net.state_dict().items()] == RECORD[name]["keys"]
    count = sum(p.numel() for p in net.parameters())
    heads = sum(p.numel() for key, p in net.named_parameters() if key.startswith("aux"))  # which torchvision does not count
    assert count == RECORD[name]["parameters"]
    assert {count - heads} == {w["num_params"] for w in RECORD[name]["weights"].values()}


@pytest.mark.tiny
@pytest.mark.parametrize("name", NETS)
def test_classes_change_nothing_but_the_last_layer(name: str) -> None:
    with torch.device("meta"):
        net = NETS[name](classes=7).to("meta").eval()
    others = [(key, list(value.shape)) for key, value in net.state_dict().items()]
    changed = {key for (key, shape), (_, official) in zip(others, RECORD[name]["keys"], strict=True) if shape != official}
    assert {key.rpartition(".")[0] for key in changed if not key.startswith("aux")} == {others[-1][0].rpartition(".")[0]}
    assert ran(net, 64, 64)[0].shape == (2, 7)


@pytest.mark.tiny
@pytest.mark.parametrize("name", NETS)
def test_any_picture_that_leaves_a_unit_will_do(name: str) -> None:
    net, least = shell(name), SMALLEST[name]
    for height, width in ((least, least), (least, least + 38), (97, 131), (225, 64)):
        assert net(torch.empty(1, 3, height, width, device="meta")).shape == (1, 1000)
    if least > 1:
        with pytest.raises(RuntimeError):
            net(torch.empty(1, 3, least - 1, 64, device="meta"))


@pytest.mark.tiny
@pytest.mark.parametrize("name", NETS)
def test_every_activation_runs_exactly_once(name: str) -> None:
    net = shell(name)
    count = ran(net, 64, 64)[1]
    relus = [path for path, module in net.named_modules() if isinstance(module, nn.ReLU)]
    assert len(relus) == ACTIVATIONS[name]
    assert {count[path] for path in relus} == {1}
    quiet = {path for path, _ in net.named_modules() if not count[path]}
    assert not {path for path in quiet if not path.startswith("aux")}, "only GoogLeNet's auxiliary heads never run"


@pytest.mark.tiny
@pytest.mark.parametrize("name", ["alexnet", "vgg16", "vgg19"])
def test_aliases_are_the_papers_names_in_their_order(name: str) -> None:
    net = shell(name)
    aliases: Mapping[str, str] = net.aliases  # type: ignore[assignment]
    count = ran(net, 64, 64)[1]
    kinds = {"conv": nn.Conv2d, "relu": nn.ReLU, "pool": nn.MaxPool2d, "fc": nn.Linear}
    for alias, path in aliases.items():
        assert count[path] == 1, alias
        assert isinstance(net.get_submodule(path), kinds[alias.rstrip("0123456789_")]), alias
    unnamed = {path for path, m in net.named_modules() if isinstance(m, tuple(kinds.values()))} - set(aliases.values())
    assert not unnamed
    assert list(aliases.values()) == [path for path in count if path in aliases.values()], "in the order in which they run"


def test_aliases_are_those_that_papers_speak_of() -> None:
    assert " ".join(AlexNet.aliases) == (
        "conv1 relu1 pool1 conv2 relu2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 fc6 relu6 fc7 relu7 fc8"
    )
    vgg: Mapping[str, str] = shell("vgg19").aliases  # type: ignore[assignment]
    style = {"relu1_1": 1, "relu2_1": 6, "relu3_1": 11, "relu4_1": 20, "relu4_2": 22, "relu5_1": 29}  # as written in many a repository
    assert {alias: vgg[alias] for alias in style} == {alias: f"features.{i}" for alias, i in style.items()}


@pytest.mark.tiny
def test_average_pooling_changes_what_runs_and_no_name() -> None:
    with torch.device("meta"):
        nets = {pooling: DeepVgg(16, pooling=pooling).features for pooling in ("max", "average")}
    numbers = seeded_state({key: value.shape for key, value in nets["max"].state_dict().items()})
    for net in nets.values():
        net.load_state_dict(numbers, strict=True, assign=True)
    x = picture(32, 48)
    with torch.inference_mode():
        before = nets["average"][:4](x)
        sides = before.unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
        assert torch.allclose(nets["average"][4](before), sides.mean((3, 5)), atol=1e-5)
        maps = {pooling: net(x) for pooling, net in nets.items()}
    assert maps["max"].shape == maps["average"].shape == (1, 512, 1, 1)
    assert not torch.allclose(maps["max"], maps["average"], rtol=0.1)


@pytest.mark.tiny
def test_only_the_whole_file_is_taken() -> None:
    whole = state("squeezenet1_1")
    for wrong in (whole | {"features.99.weight": torch.zeros(1)}, {k: v for k, v in whole.items() if k != "classifier.1.bias"}):
        with pytest.raises(RuntimeError, match=r"features\.99\.weight|classifier\.1\.bias"):
            built(NETS["squeezenet1_1"], wrong)


@pytest.mark.tiny
def test_a_file_older_than_the_counts_of_batches_is_taken() -> None:
    """The first ResNets were published when batch norm did not count yet."""
    numbers = {k: v for k, v in state("resnet18").items() if not k.endswith("num_batches_tracked")}
    assert not any(p.is_meta for p in built(NETS["resnet18"], numbers).state_dict().values())


@pytest.mark.unit
@pytest.mark.parametrize("name", NETS)
def test_logits_are_those_of_torchvision(name: str) -> None:
    net = built(NETS[name], state(name))
    for check in RECORD[name]["checks"]:
        with torch.inference_mode():
            found = figures(net(picture(*check["size"])))
        slack = OFF * check["largest"]
        assert found["first"] == pytest.approx(check["first"], abs=slack)
        assert [found[k] for k in ("mean", "std", "largest")] == pytest.approx([check[k] for k in ("mean", "std", "largest")], abs=slack)
