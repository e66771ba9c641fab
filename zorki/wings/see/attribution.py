"""Show where a classifier looks: what in the photo speaks for a class.

Source: Selvaraju et al. 2017 (Grad-CAM); Simonyan, Vedaldi, Zisserman 2013 (gradient); Smilkov et al. 2017 (SmoothGrad).
Differs: the whole picture is shown in its own shape, where the network takes any size; to a network of small pictures twice as large
for Grad-CAM, for a finer map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import lens, pixels
from zorki.blocks import Tile
from zorki.core.errors import InputError, Stopped
from zorki.core.method import Input
from zorki.core.seeds import generator
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

TITLES = {"gradcam": "Grad-CAM", "gradient": "gradient", "smoothgrad": "SmoothGrad"}
FINE = 128  # a net of smaller pictures is shown a photo twice as large for Grad-CAM, for a finer map
SQUARES = 9  # at most, of a long strip
INPUTS = {"photo": Input("the photo that is classified")}


@dataclass(frozen=True)
class Settings:
    method: Literal["gradcam", "gradient", "smoothgrad"] = "gradcam"
    "how the map is made"
    class_: int | None = None
    "number of the class asked about; not given: the likeliest"
    layer: str | None = None
    "layer for Grad-CAM; not given: the last one with maps"
    samples: Annotated[int, Least(1)] = 32
    "noisy copies for SmoothGrad"
    seed: int = 0
    "the same number gives the same map"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Attribution:
    """raw: the map (h, w) as it came out; class_: number asked about; top: the five likeliest (name, probability), numbers: theirs."""

    raw: torch.Tensor
    class_: int
    name: str
    top: tuple[tuple[str, float], ...]
    numbers: tuple[int, ...]
    photo: torch.Tensor
    method: str

    @property
    def maximum(self) -> float:
        """The raw map's largest value: 0 means that nothing in the picture speaks for the class."""
        return float(self.raw.max())

    def answer(self) -> dict[str, object]:
        """What the command prints beside the picture."""
        top = [
            {"class": number, "name": name, "share": round(share, 4)} for number, (name, share) in zip(self.numbers, self.top, strict=True)
        ]
        return {"top": top, "class": self.class_, "maximum": self.maximum}

    def tiles(self) -> list[Tile]:
        hw = (self.photo.shape[-2], self.photo.shape[-1])
        shown = pixels.shift.resize(pixels.ink.stretched(self.raw, low=0.0)[None, None], hw)[0, 0]
        seen = Tile(pixels=pixels.ink.levels(self.photo), caption="the photo", alt="The photo as it was given")
        over = pixels.ink.levels(pixels.ink.overlay(self.photo, shown))
        flat = "; the map is flat" if self.maximum <= 0 else ""
        return [
            seen,
            Tile(
                pixels=over,
                caption=f"{TITLES[self.method]}: {self.name.split(',')[0]}{flat}",
                alt=f"What speaks for {self.name}, bright where it is",
            ),
        ]


def run(net: lens.Net, photo: torch.Tensor, s: Settings = Settings()) -> Attribution:
    """photo: (1, 3, h, w) float32 sRGB in 0..1. Raises InputError for a class beyond the last, or a net without classes."""

    share = named(net, photo)
    asked = int(share.argmax()) if s.class_ is None else s.class_
    if not 0 <= asked < len(share):
        raise InputError(f"There is no class {asked}.", f"The network has classes 0 to {len(share) - 1}.")
    names = net.classes or [f"class {i}" for i in range(len(share))]
    order = share.argsort(descending=True)[:5].tolist()
    if s.method == "gradcam":
        raw = gradcam(net, photo, asked, s.layer)
    else:
        small = pixels.shift.resize(photo, whole(net, photo)).to(net.device)
        raw = gradient(net, small, asked, 1 if s.method == "gradient" else s.samples, s.seed)
    shown = pixels.shift.resize(photo, pixels.shift.fit((photo.shape[-2], photo.shape[-1]), 512)).cpu()
    return Attribution(raw.cpu(), asked, names[asked], tuple((names[i], float(share[i])) for i in order), tuple(order), shown, s.method)


def named(net: lens.Net, photo: torch.Tensor) -> torch.Tensor:
    """Each class's share (classes,): of the whole photo, or the mean over squares as large as those that the net was tested on.

    Squares lie side by side along the longer side, a long strip gets more. Raises InputError for a net that is no classifier.
    """
    import torch

    with torch.no_grad(), net.quiet():
        logits = torch.cat([net.logits(x.to(net.device)).float() for x in torch.split(squares(net, photo), net.batch or SQUARES)])
    if logits.ndim != 2:
        raise InputError(f"The network gives {tuple(logits.shape[1:])} numbers, not one for each class.", "Attribution needs a classifier.")
    if not torch.isfinite(logits).all():
        raise Stopped("The network answers with numbers that are not finite.", "Nothing was written.", "Look at its weights, mean and std.")
    return logits.softmax(1).mean(0)


def squares(net: lens.Net, photo: torch.Tensor) -> torch.Tensor:
    """The photo as the net is asked about it (n, 3, h, w): whole where nothing says how it was tested (`net.resize`)."""
    import torch

    if net.resize is None:
        return pixels.shift.resize(photo, whole(net, photo))
    h, w = photo.shape[-2:]
    side = min(min(h, w), round(min(h, w) * net.side / net.resize))
    room, across = max(h, w) - side, (min(h, w) - side) // 2
    count = 1 if max(h, w) < 1.1 * min(h, w) else min(SQUARES, max(3, round(max(h, w) / side)))
    places = [room // 2] if count == 1 else [round(room * i / (count - 1)) for i in range(count)]
    found = [photo[..., y : y + side, x : x + side] for y, x in ((p, across) if h > w else (across, p) for p in places)]
    return torch.cat([pixels.shift.resize(x, net.hw) for x in found])


def whole(net: lens.Net, photo: torch.Tensor, times: float = 1) -> tuple[int, int]:
    """The size of the whole photo, in its own shape and with the area of the net's pictures; the net's own size where it takes no other."""
    step = net.step()
    if not step:
        return net.hw
    h, w = photo.shape[-2:]
    k = times * net.side / (h * w) ** 0.5
    return tuple(max(-(-net.least // step), round(side * k / step)) * step for side in (h, w))


def gradcam(net: lens.Net, photo: torch.Tensor, number: int, layer: str | None) -> torch.Tensor:
    """ReLU(Σ w_k A_k) with w_k the mean gradient of the logit on map k; (h, w) of the layer."""
    import torch

    drawn = [x.name for x in net.layers() if len(x.shape) == 3 and min(x.shape[1:]) > 1]
    if layer is None and not drawn:
        raise InputError(f"{net.name} has no layer with maps.", "Grad-CAM weighs maps.", "Use --method gradient.")
    name = net.layer(layer).name if layer is not None else drawn[-1]
    x = pixels.shift.resize(photo, whole(net, photo, 2 if net.side < FINE else 1)).to(net.device).detach().clone().requires_grad_(True)
    with torch.enable_grad(), net.quiet():
        seen = lens.capture(net, x, [name, lens.OUTPUT])
        a, logits = seen[name], seen[lens.OUTPUT]
        if a.ndim != 4:
            raise InputError(f"{name} has no maps.", "Grad-CAM weighs maps.", "Choose a convolution or a ReLU: `zorki layers`.")
        g = torch.autograd.grad(logits[0, number], a)[0]
    return (g.mean((2, 3), keepdim=True) * a).sum(1)[0].clamp_min(0).detach()


def gradient(net: lens.Net, x: torch.Tensor, number: int, samples: int, seed: int) -> torch.Tensor:
    """The largest |d logit / d pixel| over the colours (h, w); with samples > 1 the mean over noisy copies (σ 15 %)."""
    import torch

    noise = torch.randn(samples, *x.shape[1:], generator=generator(seed, "smoothgrad")).to(x.device) * 0.15
    total = torch.zeros_like(x)
    for some in torch.split(x + (noise if samples > 1 else 0 * noise), net.batch or samples):
        batch = some.detach().requires_grad_(True)
        with torch.enable_grad(), net.quiet():
            total += torch.autograd.grad(net.logits(batch)[:, number].sum(), batch)[0].sum(0)
    return (total[0] / samples).abs().amax(0).detach()
