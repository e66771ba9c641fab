"""Show where a network looks: what in the photo speaks for a class.

Source: Selvaraju et al. 2017 (Grad-CAM); Chattopadhay et al. 2018 (Grad-CAM++); Jiang et al. 2021 (LayerCAM); Simonyan, Vedaldi,
Zisserman 2013 (gradient); Smilkov et al. 2017 (SmoothGrad); Sundararajan, Taly, Yan 2017 (integrated gradients); Springenberg et al.
2014 (guided backpropagation); Zeiler and Fergus 2013 (deconvnet, occlusion); Adebayo et al. 2018 (--sanity).
Differs: the whole picture is shown in its own shape, where the network takes any size; to a network of small pictures twice as large
for the class activation maps, for a finer map. Of a segmenter the class's logits are summed over the pixels that it gives the class.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import lens, pixels
from zorki.blocks import Tile
from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki.pixels.attributing import Ask

TITLES = {
    "gradcam": "Grad-CAM", "gradcam++": "Grad-CAM++", "layercam": "LayerCAM", "gradient": "gradient", "guided": "guided backpropagation",
    "deconvnet": "deconvnet", "smoothgrad": "SmoothGrad", "integrated": "integrated gradients", "occlusion": "occlusion",
}  # fmt: skip
CAMS = ("gradcam", "gradcam++", "layercam")
COARSE = (*CAMS, "occlusion")  # laid over the photo; the others are fine as hairs, and its own edges would be taken for theirs
SHUFFLES = 3  # copies with random weights: one alone says little of a map of few cells
SURVIVES = {
    "gradient": False,
    "gradcam": False,
    "guided": True,
}  # Adebayo et al. 2018: whether the map is much the same with random weights
EDGES = {
    "guided": "whatever was learnt: its maps survived random weights (Adebayo et al. 2018)",
    "deconvnet": "whatever the class (Nie, Zhang, Patel 2018)",
}
FINE = 128  # a net of smaller pictures is shown a photo twice as large for class activation maps, for a finer map
SQUARES = 9  # at most, of a long strip
SHOWN = 512  # pixels of the longer side
INPUTS = {
    "photo": Input("the photo that is classified"),
    "parts": Input("for occlusion: a picture in flat colours; each colour is covered in turn", option=True),
    "at": Input("for a segmenter: a picture that is bright where it is asked; not given: where it sees the class", option=True),
}


@dataclass(frozen=True)
class Settings:
    method: Literal[
        "gradcam", "gradcam++", "layercam", "gradient", "smoothgrad", "integrated", "guided", "deconvnet", "occlusion", "all"
    ] = "gradcam"
    "how the map is made; all: every one, side by side"
    class_: int | str | None = None
    "the class asked about, its number or its name; not given: the likeliest"
    layer: str | None = None
    "layer for Grad-CAM, Grad-CAM++, LayerCAM; not given: the last one with maps"
    samples: Annotated[int, Least(1)] = 32
    "noisy copies for SmoothGrad"
    noise: Annotated[float, Least(0, 1)] = 0.15
    "how noisy they are: σ as a share of the photo's range"
    steps: Annotated[int, Least(1, 1000)] = 50
    "points on the way from the baseline to the photo, for integrated gradients"
    baseline: Literal["grey", "black", "blurred"] = "grey"
    "what says nothing: where integrated gradients start, what occlusion covers with"
    window: Annotated[int, Least(1)] | None = None
    "side of the covered square, in pixels as the net gets them; not given: a sixth of the photo"
    stride: Annotated[int, Least(1)] | None = None
    "pixels from one covered square to the next; not given: a third of the square"
    sanity: bool = False
    "make the map also with the weights in random places, and say how alike the two are"
    seed: int = 0
    "the same number gives the same map"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Map:
    """One method's map. raw: (h, w), rows x columns, as it came out: signed for integrated gradients and occlusion, NaN where not measured.

    more: what else is known of it (layer, baseline, window, completeness). sanity: rank correlation with the maps that random weights
    give, mean of three, None when not asked for or flat.
    """

    method: str
    raw: torch.Tensor
    more: dict[str, object]
    sanity: float | None = None

    @property
    def maximum(self) -> float:
        """The largest value measured: 0 or less means that nothing in the picture speaks for the class."""
        known = self.raw[self.raw.isfinite()]
        return float(known.max()) if known.numel() else 0.0

    @property
    def flat(self) -> str:
        """A warning where there is nothing to see."""
        known = self.raw[self.raw.isfinite()]
        if not known.numel() or float(known.max()) == float(known.min()):
            return "the map is flat"
        return "nothing speaks for it" if self.maximum <= 0 else ""

    def answer(self) -> dict[str, object]:
        told: dict[str, object] = {"method": self.method, "maximum": self.maximum, "flat": bool(self.flat), **self.more}
        if self.method in SURVIVES:
            told["survives_random_weights"] = SURVIVES[self.method]
        return told | ({} if self.sanity is None else {"sanity": round(self.sanity, 4)})

    def tile(self, photo: torch.Tensor, name: str) -> Tile:
        """The map in heat colours over the photo (1, 3, h, w), scaled by its own maximum; striped where not measured.

        Fine maps stand alone, and their square roots are shown, as a few pixels are much brighter than the rest.
        """
        import torch

        hw = (photo.shape[-2], photo.shape[-1])
        unknown = ~self.raw.isfinite()
        known = pixels.ink.stretched(self.raw.masked_fill(unknown, 0), low=0.0)[None, None]
        gaps = bool(unknown.any())  # beside them nothing is smoothed, or they would seem to be measured as 0
        shown = (torch.nn.functional.interpolate(known, hw, mode="nearest-exact") if gaps else pixels.shift.resize(known, hw))[0, 0]
        picture = pixels.ink.overlay(photo, shown) if self.method in COARSE else pixels.ink.heat(shown.sqrt())
        if gaps:
            striped = torch.nn.functional.interpolate(unknown[None, None].float(), hw, mode="nearest-exact")[0, 0] > 0
            rows, columns = torch.arange(hw[0])[:, None], torch.arange(hw[1])
            lines = torch.where((rows + columns) % 8 < 2, 0.85, 0.35)
            picture = torch.where(striped, photo[0] * 0.3 + 0.7 * lines, picture)
        words = [f"{TITLES[self.method]}: {name}", self.flat or f"at most {self.maximum:.3g}"]
        words += ["striped: not measured"] if gaps else []
        words += [] if self.sanity is None else [f"random weights: {self.sanity:.2f}"]
        return Tile(
            pixels=pixels.ink.levels(picture),
            caption="; ".join(words),
            alt=f"{TITLES[self.method]}: what speaks for {name}, bright where it is",
        )


@dataclass(frozen=True)
class Attribution:
    """maps: one, or one for each method; class_: number asked about; top: the five likeliest (name, share), numbers: theirs.

    A share is a probability, or a segmenter's share of pixels.
    """

    maps: tuple[Map, ...]
    class_: int
    name: str
    top: tuple[tuple[str, float], ...]
    numbers: tuple[int, ...]
    photo: torch.Tensor

    @property
    def raw(self) -> torch.Tensor:
        """The (first) map (h, w) as it came out."""
        return self.maps[0].raw

    @property
    def method(self) -> str:
        return self.maps[0].method

    @property
    def maximum(self) -> float:
        """The (first) raw map's largest value: 0 means that nothing in the picture speaks for the class."""
        return self.maps[0].maximum

    def answer(self) -> dict[str, object]:
        """What the command prints beside the picture."""
        top = [
            {"class": number, "name": name, "share": round(share, 4)} for number, (name, share) in zip(self.numbers, self.top, strict=True)
        ]
        told: dict[str, object] = {"top": top, "class": self.class_, "name": self.name, **self.maps[0].answer()}
        return told | ({"method": "all", "maps": [m.answer() for m in self.maps]} if len(self.maps) > 1 else {})

    def tiles(self) -> list[Tile]:
        seen = Tile(pixels=pixels.ink.levels(self.photo), caption="the photo", alt="The photo as it was given")
        return [seen, *(m.tile(self.photo, self.name.split(",")[0]) for m in self.maps)]


def run(
    net: lens.Net, photo: torch.Tensor, s: Settings = Settings(), parts: torch.Tensor | None = None, at: torch.Tensor | None = None
) -> Attribution:
    """photo, parts, at: (1, 3, h, w) float32 sRGB in 0..1. Raises InputError for a class beyond the last, a net without classes, a rule
    that cannot hold, parts or at of another shape than the photo; UnknownName for a class or layer that the net lacks.
    """
    for what, mask in (("parts", parts), ("at", at)):
        if mask is not None:
            pixels.regions.fitting(f"--{what}", (mask.shape[-2], mask.shape[-1]), "the photo", (photo.shape[-2], photo.shape[-1]))
    number = None if s.class_ is None else numbered(net, s.class_)
    share, segments = named(net, photo, at)
    asked = int(share.argmax()) if number is None else number
    if not 0 <= asked < len(share):
        raise InputError(f"There is no class {asked}.", f"The network has classes 0 to {len(share) - 1}.")
    names = [*(net.classes or []), *(f"class {i}" for i in range(len(net.classes or []), len(share)))]
    order = share.argsort(descending=True, stable=True)[:5].tolist()
    if segments:
        place = (
            "all pixels, as the network gives it none" if share[asked] == 0 else f"the {float(share[asked]):.1%} of pixels that it is given"
        )
        events.note(f"{first(names[asked])}: its logits are summed over {place if at is None else 'the bright pixels of --at'}.")
    elif at is not None:
        events.note("--at is for segmenters: a classifier is asked about the whole photo.")
    if parts is not None and s.method not in ("occlusion", "all"):
        events.note("--parts are covered by --method occlusion: here they change nothing.")
    found: list[Map] = []
    for method in TITLES if s.method == "all" else (s.method,):
        try:
            found.append(measured(net, photo, asked, method, s, parts, at if segments else None, segments))
        except InputError as error:
            if s.method != "all" or (not found and method == list(TITLES)[-1]):
                raise
            events.note(f"{TITLES[method]} is left out: {error}")
    for m in found:
        say(m, first(names[asked]), alone=s.method != "all")
    shown = pixels.shift.resize(photo, pixels.shift.fit((photo.shape[-2], photo.shape[-1]), SHOWN)).cpu()
    return Attribution(tuple(found), asked, names[asked], tuple((names[i], float(share[i])) for i in order), tuple(order), shown)


def first(name: str) -> str:
    """The first of the words that mean a class."""
    return name.split(",")[0]


def say(m: Map, name: str, alone: bool) -> None:
    """What a person should know of the map before believing it."""
    title = TITLES[m.method]
    if alone:
        events.note(f"{title} for {name}: {m.flat or f'its largest value is {m.maximum:.3g}'}.")
    if alone and m.sanity is not None:
        events.note(
            f"{title} with the weights in random places: rank correlation {m.sanity:.2f}. Near 1 it tells nothing of what was learnt."
        )
    if m.method in EDGES and m.sanity is None:
        events.note(f"{title[0].upper() + title[1:]} tends to show the photo's edges, {EDGES[m.method]}: --sanity measures it here.")
    if m.method == "integrated":
        total, change = m.more["sum"], m.more["difference"]
        assert isinstance(total, float)
        assert isinstance(change, float)
        if abs(total - change) > 0.05 * abs(change):
            events.note(f"The map sums to {total:.4g}, and the answer changed by {change:.4g}: more --steps bring them together.")
    if m.more.get("unmeasured"):
        events.note(f"{m.more['unmeasured']:.0%} of the photo was under no square: a smaller --stride leaves no gaps.")


def numbered(net: lens.Net, wanted: int | str) -> int:
    """The number of a class given by number or by name: a whole name, one of its synonyms, or words that occur in one name alone.

    Raises UnknownName with the nearest names, InputError for words that occur in several, which it lists.
    """
    if isinstance(wanted, int) or re.fullmatch(r"-?\d+", wanted.strip()):
        return int(wanted)
    if not net.classes:
        raise InputError(f"The classes of {net.name} have no names.", f"There is none called {wanted!r}.", "Give the number.")
    said = " ".join(wanted.casefold().split())
    synonyms = defaultdict(list)
    for number, name in enumerate(net.classes):
        for one in dict.fromkeys([name, *name.split(",")]):
            synonyms[" ".join(one.casefold().split())].append(number)
    inside = rf"(?<!\w){re.escape(said)}(?!\w)"
    found = synonyms.get(said) or [n for n, name in enumerate(net.classes) if said and re.search(inside, name.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        hit = {n: [one.strip() for one in net.classes[n].split(",") if re.search(inside, one.casefold())] for n in found[:8]}
        listed = ", ".join(f"{n} {(ones or [net.classes[n]])[0]}" for n, ones in hit.items()) + (" …" if len(found) > 8 else "")
        raise InputError(f"{wanted!r} may be {len(found)} classes.", f"They are {listed}.", "Give the number or the whole name.")
    raise UnknownName.among("class", wanted, dict.fromkeys(one.strip() for name in net.classes for one in name.split(",")))


def named(net: lens.Net, photo: torch.Tensor, at: torch.Tensor | None = None) -> tuple[torch.Tensor, bool]:
    """Each class's share (classes,), and whether the net is a segmenter.

    A classifier's is of the whole photo, or the mean over squares as large as those that the net was tested on: they lie side by side
    along the longer side, a long strip gets more. A segmenter's is the share of pixels, where `at` is bright, that it gives the class.
    Raises InputError for a net that is neither.
    """
    import torch

    from zorki.pixels import attributing

    with torch.no_grad(), net.quiet():
        first_ones = torch.split(squares(net, photo), net.batch or SQUARES)
        logits = torch.cat([net.logits(x.to(net.device)).float() for x in first_ones])
        if logits.ndim == 4 and net.resize is not None:
            logits = net.logits(pixels.shift.resize(photo, whole(net, photo)).to(net.device)).float()
    if logits.ndim not in (2, 4):
        raise InputError(
            f"The network gives {tuple(logits.shape[1:])} numbers, not one for each class.",
            "Attribution needs a classifier or a segmenter.",
        )
    if not torch.isfinite(logits).all():
        raise Stopped("The network answers with numbers that are not finite.", "Nothing was written.", "Look at its weights, mean and std.")
    if logits.ndim == 2:
        return logits.softmax(1).mean(0), False
    places = attributing.given(logits)[0][attributing.bright(at, (logits.shape[-2], logits.shape[-1])).to(logits.device)]
    return torch.stack([(places == k).float().mean() for k in range(logits.shape[1])]), True


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


def measured(
    net: lens.Net,
    photo: torch.Tensor,
    number: int,
    method: str,
    s: Settings,
    parts: torch.Tensor | None,
    at: torch.Tensor | None,
    segments: bool,
) -> Map:
    """One method's map, and with --sanity how like it is to that of random weights."""
    from zorki.pixels import attributing

    x = pixels.shift.resize(photo, whole(net, photo, 2 if method in CAMS and net.side < FINE else 1)).to(net.device)
    where = attributing.asked(net, x, number, at) if segments else None
    ask = attributing.Ask(net, number, where)
    made = mapped(ask, x, method, s, parts)
    if s.sanity:
        copies = (attributing.randomised(net, s.seed, k) for k in range(SHUFFLES))
        others = (mapped(replace(ask, net=copy), x, method, s, parts).raw for copy in copies)
        alike = [r for r in (attributing.rank_correlation(made.raw, raw) for raw in others) if r is not None]
        made = replace(made, sanity=sum(alike) / len(alike) if alike else None)
    return made


def mapped(ask: Ask, x: torch.Tensor, method: str, s: Settings, parts: torch.Tensor | None) -> Map:
    """One method's map of what is asked, for x (1, c, h, w)."""
    from zorki.pixels import attributing as by

    more: dict[str, object] = {}
    if method in CAMS:
        a, g, layer = by.weighed(ask, x, s.layer)
        raw = {"gradcam": by.gradcam, "gradcam++": by.gradcam_plus, "layercam": by.layercam}[method](a, g)
        more["layer"] = layer
    elif method == "occlusion":
        more["baseline"] = s.baseline
        base = by.baseline(x, s.baseline)
        if parts is not None:
            ids = by.parts_of(parts, (x.shape[-2], x.shape[-1]))
            raw = by.occluded_parts(ask, x, base, ids)
            more["parts"] = int(ids.max()) + 1
        else:
            window = s.window or max(1, round(min(x.shape[-2:]) / 6))
            stride = s.stride or max(1, window // 3)
            raw = by.occluded(ask, x, base, window, stride)
            more |= {"window": window, "stride": stride, "unmeasured": round(float((~raw.isfinite()).float().mean()), 4)}
    elif method == "integrated":
        slopes, total, change = by.integrated(ask, x, by.baseline(x, s.baseline), s.steps)
        raw = slopes.sum(0)
        more |= {"baseline": s.baseline, "sum": total, "difference": change, "completeness_error": abs(total - change)}
    elif method == "smoothgrad":
        raw = by.strength(by.smoothed(ask, x, s.samples, s.noise, s.seed))
    elif method == "gradient":
        raw = by.strength(ask.slopes(x)[0])
    else:
        raw = by.strength(by.ruled(ask, x, "guided" if method == "guided" else "deconvnet"))
    return Map(method, raw.detach().float().cpu(), more)
