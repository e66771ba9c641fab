"""What a picture's style and content are in a network: measured once, in tiles where it is large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from zorki import io, lens
from zorki.core.errors import InputError
from zorki.painting import moments
from zorki.painting.losses import gram
from zorki.painting.moments import Moments, Sums
from zorki.pixels.objectives import PICTURE
from zorki.pixels.tiles import Tiles, looked


def style_picture(photo: io.Photo) -> tuple[torch.Tensor, torch.Tensor | None]:
    """A style's pixels (1, 3, h, w), and the weights (1, h, w) of what is not transparent. Raises InputError for one that is nothing else."""
    picture = torch.from_numpy(photo.seen.copy()).permute(2, 0, 1)[None]
    if photo.alpha is None:
        return picture, None
    weights = torch.from_numpy(photo.alpha.copy()).float()[None]
    if float(weights.max()) <= 0:
        raise InputError(f"{photo.name} is transparent all over.", "There is no style in it.", "Choose another picture.")
    return picture, None if float(weights.min()) >= 1 else weights


def measured(
    net: lens.Net, picture: torch.Tensor, layers: Sequence[str], weights: torch.Tensor | None = None, keep: Sequence[str] = ()
) -> tuple[dict[str, Moments], dict[str, torch.Tensor]]:
    """The moments of layers (and of PICTURE, the colours), and the maps (1, c, h, w) of the layers in `keep`.

    picture: (1, 3, h, w) in 0..1, at a size that the net takes. weights: (r, h, w), of its pixels in each region. The net is quiet meanwhile.
    """
    hw = (picture.shape[-2], picture.shape[-1])
    asked = list(dict.fromkeys([*(name for name in layers if name != PICTURE), *keep]))
    out = {PICTURE: moments.of(picture - 0.5, weights)} if PICTURE in layers else {}
    kept: dict[str, torch.Tensor] = {}
    if not asked:
        return out, kept
    tiles = Tiles.of(net, asked, hw)
    sums: dict[str, Sums] = {name: Sums() for name in layers if name != PICTURE}
    places: dict[str, torch.Tensor] = {}
    with torch.inference_mode(False), net.quiet():
        for cut, seen in looked(net, picture, asked, tiles):
            for name, one in sums.items():
                part = None
                if weights is not None:
                    own = (seen[name].shape[-2], seen[name].shape[-1])
                    whole = tiles.count == 1 or not tiles.exact
                    if name not in places:
                        places[name] = moments.placed(weights, own if whole else tiles.grid(name))
                    part = places[name] if whole else tiles.part(name, places[name], cut, own)
                one.add(seen[name], part)
            for name in keep:
                put(kept, name, seen[name], tiles, cut)
    return out | {name: one.moments() for name, one in sums.items()}, kept


def put(kept: dict[str, torch.Tensor], name: str, maps: torch.Tensor, tiles: Tiles, cut: object) -> None:
    """Lays a tile's maps into those of the whole picture."""
    if tiles.count == 1:
        kept[name] = maps.detach()
        return
    if not tiles.exact:
        raise InputError(
            f"{name} sees the whole picture at once, so what it holds cannot be kept in parts.", "The picture is too large for this network.",
            "Give a smaller --size, or another --content-layer.",
        )  # fmt: skip
    if name not in kept:
        kept[name] = maps.new_zeros(1, maps.shape[1], *tiles.grid(name))
    tiles.part(name, kept[name], cut, (maps.shape[-2], maps.shape[-1])).copy_(maps)  # type: ignore[arg-type]


def alike(here: Mapping[str, Moments], there: Mapping[str, Moments], share: float = 1e-4) -> bool:
    """Whether two pictures have, as far as anybody sees, the same style already."""
    far = [float(gram.distance(here[n], there[n]).sum() / there[n].product.pow(2).sum().clamp_min(1e-12)) for n in there]
    return max(far) < share


def style_layers(net: lens.Net, last: bool = False) -> tuple[list[str], str]:
    """The layers whose style is matched, and the one that holds the content: the first ReLU of each block, and the last but one block's
    second. last: the last ReLU of the first four blocks, and the third's (Johnson, Alahi, Fei-Fei 2016). Raises InputError.
    """
    maps = lens.choosing.mapped(net)
    names = [layer.name for layer in maps]
    blocks: dict[str, list[str]] = {}
    for name in names:
        if name.startswith("relu") and "_" in name:
            blocks.setdefault(name.rpartition("_")[0], []).append(name)
    relus = [layer.name for layer in maps if "ReLU" in layer.kind] or names
    if not relus:
        raise InputError(f"{net.name} has no layer with maps.", "A style is how maps go together.", "Use a network with convolutions.")
    if blocks:
        groups = list(blocks.values())
        if last:
            style = [group[-1] for group in groups[:4]]
            return style, style[min(2, len(style) - 1)]
        style = [group[0] for group in groups]
        group = groups[max(0, len(groups) - 2)]
        return style, group[min(1, len(group) - 1)]
    spread = [relus[i * (len(relus) - 1) // 4] for i in range(5)] if len(relus) > 5 else relus  # another network: over its depth
    return spread, spread[max(0, len(spread) - 2)]
