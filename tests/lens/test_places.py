"""Where units lie, whatever a net does with its tokens: a patch that changes is found where it is; and what is no map is told."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests import tokens
from tests.zoo import Segmenter, SwinLike
from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.lens import choosing, grids

pytestmark = pytest.mark.unit
P = tokens.PATCH


def silenced(module: nn.Module) -> nn.Module:
    """With every block's branches silent, so that a token is the patch that it came from."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, tokens.Looks):
                for last in (part.out, part.mlp[2]):
                    last.weight.zero_()
                    last.bias.zero_()
            elif isinstance(part, nn.MultiheadAttention):
                part.out_proj.weight.zero_()
    return module.eval()


KINDS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "class token before": (tokens.Written, "blocks.1"),
    "as many registers as make another grid": (lambda: tokens.Written(17), "blocks.1"),
    "nine before": (lambda: tokens.Written(9), "blocks.1"),
    "class token behind": (lambda: tokens.Written(0, 1), "blocks"),
    "both": (lambda: tokens.Written(1, 4), "norm"),
    "pixels rearranged": (tokens.Rearranged, "block"),
    "tokens first": (tokens.Sequence, "end"),
    "windows, shifted and laid back": (tokens.Shifted, "blocked"),
    "blocks of tokens": (tokens.Nested, "one"),
    "channels last": (lambda: SwinLike(16), "norm"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [(0, 7), (5, 2), (7, 7)])
def test_the_patch_that_changes_is_the_cell_that_changes(kind: str, place: tuple[int, int]) -> None:
    make, layer = KINDS[kind]
    torch.manual_seed(0)
    net = lens.Net(silenced(make()), side=64)
    one = torch.rand(2, 3, 64, 64)
    cells = 16 if kind == "channels last" else 8
    side = 64 // cells
    row, column = place
    other = one.clone()
    other[:, :, row * side : (row + 1) * side, column * side : (column + 1) * side] = torch.rand(3, side, side)
    a, b = (grids.maps_of(net, layer, lens.capture(net, x, layer, grad=False)[layer], (64, 64)) for x in (one, other))
    assert a.shape[0] == 2
    assert a.shape[2:] == (cells, cells)
    differs = (a - b).abs().amax(1)
    assert bool((differs[:, row, column] > 1e-3).all())
    differs[:, row, column] = 0
    assert float(differs.max()) < 1e-5


def test_inner_tokens_are_not_the_outer_ones() -> None:
    """TNT: 64 patches of 16 inner tokens each, which lie among the pictures."""
    net = lens.Net(silenced(tokens.Within()), side=64)
    x = torch.zeros(1, 3, 64, 64)
    y = x.clone()
    y[..., 2 * P : 3 * P, 6 * P : 7 * P] = 1
    a, b = (grids.maps_of(net, "outer", lens.capture(net, p, "outer", grad=False)["outer"], (64, 64)) for p in (x, y))
    assert divmod(int((a - b).abs().sum((0, 1)).argmax()), 8) == (2, 6)
    with pytest.raises(InputError, match=r"inner\.norm1 gives no maps: it cuts the picture into windows"):
        grids.cells(net, "inner.norm1", (64, 64))


NO_MAPS = {
    "attention": (tokens.Written, "blocks.0.attend", "tokens × tokens"),
    "attention behind dropout": (tokens.Nested, "one.drop", "tokens × tokens"),
    "attention in windows": (tokens.Shifted, "block.attend", "tokens × tokens"),
    "windows": (tokens.Shifted, "block", "windows"),
    "a bias": (tokens.Shifted, "block.bias", "does not depend on the picture"),
    "queries": (tokens.Queries, "dec", "no places"),
    "drawn lots": (tokens.Masked, "block", "no places"),
    "tokens mixed": (tokens.Mixer, "mix", "no places"),
    "a computed weight": (tokens.spectral, "2.parametrizations.weight", "does not depend on the picture"),
}


@pytest.mark.parametrize("kind", NO_MAPS)
def test_what_is_no_map_is_refused_and_never_chosen(kind: str) -> None:
    make, layer, why = NO_MAPS[kind]
    net = lens.Net(make(), side=64)
    with pytest.raises(InputError, match=re.escape(f"{layer} gives no maps: ") + f".*{re.escape(why)}"):
        grids.cells(net, layer, (64, 64))
    assert layer not in [one.name for one in choosing.drawable(net)]
    assert layer not in choosing.weighable(net)


def test_a_grid_may_be_told() -> None:
    """Where the net hides it; what it shows itself is not overruled."""
    net = lens.Net(silenced(tokens.Written(17)), side=64)
    assert grids.cells(net, "blocks.0", (64, 64), (8, 8, 17)) == grids.cells(net, "blocks.0", (64, 64))
    masked = lens.Net(tokens.Masked(), side=64)
    a = torch.rand(2, 16, 5)
    assert torch.equal(grids.maps_of(masked, "block", a, (64, 64), (2, 4, 3))[:, :, 1, 2], a[:, 3 + 6])
    for layer, told, why in (
        ("block", (4, 4, 1), r"16 tokens: 1 and 4 × 4 are more"),
        ("patch", (4, 4, 0), r"patch has 8 × 8 places behind 0 tokens"),
        ("block.attend", (4, 4, 0), r"2 × 16 × 16 numbers, not tokens"),
    ):
        with pytest.raises(InputError, match=why):
            grids.cells(masked, layer, (64, 64), told)
    with pytest.raises(InputError, match=r"8 × 8 places behind 17 tokens\. The network itself shows it"):
        grids.cells(net, "blocks.0", (64, 64), (8, 8, 1))
    assert grids.told(" 8 x 14", 3) == (8, 14, 3)
    assert grids.told(None, 0) is None
    for grid, skip in (("8", 0), ("0x4", 0), (None, 2), ("8x8x8", 0)):
        with pytest.raises(InputError, match=r"grid|skip"):
            grids.told(grid, skip)


class Lost(nn.Module):
    """Tokens that go through something of which nothing is known: sorted by their sum, as if by a kernel of one's own."""

    def __init__(self, extra: int) -> None:
        super().__init__()
        self.patch, self.end, self.extra = nn.Conv2d(3, 4, P, P), nn.Identity(), extra

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        return self.end(torch.cat([x.new_zeros(len(x), self.extra, 4), x], 1).sort(1)[0])  # type: ignore[no-any-return]


def test_where_places_got_lost_nothing_is_guessed() -> None:
    assert grids.cells(lens.Net(Lost(0), side=64), "end", (64, 64)).hw == (8, 8)  # as many as there are patches
    for extra in (1, 17):
        with pytest.raises(InputError, match=f"{64 + extra} tokens lie is not known; grid=ROWSxCOLUMNS"):
            grids.cells(lens.Net(Lost(extra), side=64), "end", (64, 64))


# ---- which layer is chosen


def patches_slope(module: nn.Module, layer: str, at: slice) -> float:
    """The largest |d class / d token| over the patches, by autograd."""
    kept: list[torch.Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _m, _x, out: kept.append(out))
    module.eval()(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))[0, 1].backward(inputs=kept)
    handle.remove()
    assert kept[0].grad is not None
    return float(kept[0].grad[:, at].abs().max())


@pytest.mark.parametrize(("first", "behind", "at"), [(1, 0, slice(1, 65)), (17, 0, slice(17, 81)), (0, 1, slice(0, 64))])
def test_of_a_class_token_the_last_layer_whose_patches_are_heard_is_weighed(first: int, behind: int, at: slice) -> None:
    torch.manual_seed(0)
    module = tokens.Written(first, behind)
    net = lens.Net(module)
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note or "")):
        assert choosing.weighed(net, None) == "blocks.2.norm1"
        assert any("blocks.2.norm1 is weighed" in note for note in heard)
        heard.clear()
        assert choosing.weighed(net, "blocks.2") == "blocks.2.norm1"
        assert any(re.match(r"blocks\.2 has no way .*only the class token.* blocks\.2\.norm1 is weighed.*LayerCAM", note) for note in heard)
        heard.clear()
        assert choosing.weighed(net, "blocks.1") == "blocks.1"
        assert choosing.weighed(net, "patch") == "patch"
        assert not heard
    assert patches_slope(module, "blocks.2.norm1", at) > 0
    assert patches_slope(module, "blocks.2", at) == patches_slope(module, "norm", at) == 0


def test_where_all_patches_are_heard_the_last_layer_is_weighed() -> None:
    assert choosing.weighed(lens.Net(tokens.Written(0, 0)), None) == "norm"
    assert choosing.weighed(lens.Net(tokens.Shifted(), side=64), None) == "end"


def test_weights_that_are_nought_are_a_way_all_the_same() -> None:
    """As the head of a net that is about to be trained."""
    module = tokens.Written()
    nn.init.zeros_(module.head.weight)
    assert choosing.weighed(lens.Net(module), None) == "blocks.2.norm1"


def test_a_segmenters_own_answer_is_not_weighed() -> None:
    torch.manual_seed(0)
    assert choosing.weighed(lens.Net(Segmenter(), side=32), None, segments=True) == "body.1"
    assert (
        choosing.weighed(
            lens.Net(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 2, 1), nn.Upsample(scale_factor=2)), side=32),
            None,
            segments=True,
        )
        == "1"
    )
    alone = lens.Net(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 1), nn.Sigmoid()), side=32)
    assert choosing.weighed(alone, None, segments=True) == "1"
    assert choosing.weighed(lens.Net(Segmenter(), side=32), "body.2", segments=True) == "body.2"  # as asked for


class Cut(nn.Module):
    """A stem under no_grad, a branch that is detached, and the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.rest, self.detached, self.fc = (nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3), nn.Linear(3, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            stem = self.stem(x)
        y = self.rest(x + 0 * stem.mean())
        return self.fc(y.mean((2, 3)) + self.detached(y.detach()).mean((2, 3)))  # type: ignore[no-any-return]


def test_layers_without_a_gradient_to_the_picture_are_never_chosen() -> None:
    net = lens.Net(Cut(), side=32)
    assert net.pick_layer(None) == "rest"
    assert choosing.weighable(net) == ["rest"]
    assert choosing.weighed(net, None) == "rest"
    assert net.names() == ["stem", "rest", "detached", "fc"]


def test_units_behind_a_mirror_lie_where_they_see() -> None:
    """What a net sees of a mirrored picture is laid back: the place at which a unit answers is that of what it answers to."""
    from zorki.explaining import alignment

    class Mirrored(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 1, 3, stride=2, padding=1, bias=False)
            self.second = nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(x)) + self.second(self.first(x.flip(3)))

    module = Mirrored().eval()
    for p in module.parameters():
        p.data.fill_(1.0)
    net = lens.Net(module, name="mirrored", side=32)
    for row, column in ((5, 3), (20, 25), (11, 30)):
        x = torch.zeros(1, 3, 32, 32)
        x[:, :, row, column] = 1
        for call in (0, 1):
            maps = lens.capture(net, x, [f"second:{call}"])[f"second:{call}"][0, 0].detach()
            span = alignment.span(net, f"second:{call}", (32, 32), (8, 8))
            assert span is not None
            laid = alignment.laid(maps, span, (32, 32), alignment.hard).nan_to_num(0)
            weight = laid / laid.sum()
            middle = [float((weight.sum(1 - d) * (torch.arange(32) + 0.5)).sum()) for d in (0, 1)]
            assert abs(middle[0] - row - 0.5) < 4
            assert abs(middle[1] - column - 0.5) < 4, f"call {call}"
    axis = lens.grids.cells(net, "second:1", (32, 32)).across
    assert (axis.size, axis.stride) == (7, -4)
