"""Show where a network looks: what in the photo speaks for a class.

Source: Selvaraju et al. 2017 (Grad-CAM); Chattopadhay et al. 2018 (Grad-CAM++); Jiang et al. 2021 (LayerCAM); Simonyan, Vedaldi,
Zisserman 2013 (gradient); Smilkov et al. 2017 (SmoothGrad); Sundararajan, Taly, Yan 2017 (integrated gradients); Springenberg et al.
2014 (guided backpropagation); Zeiler and Fergus 2013 (deconvnet, occlusion); Adebayo et al. 2018 (--sanity).
Differs: the whole picture is shown in its own shape, where the network takes any size; to a network of small pictures twice as large
for the class activation maps, for a finer map. Of a segmenter the class's logits are summed over the pixels that it gives the class.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import explaining, io, lens, pixels
from zorki.blocks import Tile
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Least
from zorki.core.spelling import on_command_line

if TYPE_CHECKING:
    import torch

    from zorki.explaining.attribution import Ask
    from zorki.explaining.classes import Name
    from zorki.explaining.directions import Direction

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
SHOWN = 512  # pixels of the longer side
INPUTS = {
    "photo": Input("the photo that is classified"),
    "parts": Input("for occlusion: a picture in flat colours; each colour is covered in turn", option=True),
    "at": Input(
        "for a segmenter: a picture that is bright where it is asked; not given: where it sees the class", option=True, kind="mask"
    ),
    "like": Input("in place of a class: what here is like this picture to the net, for nets without classes", option=True),
    "towards": Input("in place of a class: a direction among the net's answers, a vector in a .npy file", option=True, kind="vector"),
}
NETS = ("eye",)


@dataclass(frozen=True)
class Settings:
    method: Literal[
        "gradcam", "gradcam++", "layercam", "gradient", "smoothgrad", "integrated", "guided", "deconvnet", "occlusion", "all"
    ] = "gradcam"
    "how the map is made; all: every one, side by side"
    class_: int | str | None = None
    "the class asked about, its number or its name; not given: the likeliest"
    token: int | None = None
    "with --like, --towards and a net that gives tokens: the one compared, 0 the first; not given: their mean"
    layer: str | None = None
    "layer for Grad-CAM, Grad-CAM++, LayerCAM; not given: the last one with maps that have a way to the class"
    grid: str | None = None
    "rows x columns of the places that the layer's tokens stand for, as 14x14, where the network does not tell; the rest are left out"
    skip: Annotated[int, Least(0)] = 0
    "with --grid: how many tokens (class, registers) stand before these"
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
    give, mean of three, None when not asked for or flat. span: where the map lies in the photo, None: all over it.
    """

    method: str
    raw: torch.Tensor
    more: dict[str, object]
    sanity: float | None = None
    span: explaining.alignment.Span | None = None

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
        if "why" in told:
            told["why"] = on_command_line(str(told["why"]))
        if self.method in SURVIVES:
            told["survives_random_weights"] = SURVIVES[self.method]
        return told | ({} if self.sanity is None else {"sanity": round(self.sanity, 4)})

    def tile(self, photo: torch.Tensor, name: str) -> Tile:
        """The map in heat colours over the photo (1, 3, h, w), scaled by its own maximum; striped where not measured.

        Fine maps stand alone, and their square roots are shown, as a few pixels are much brighter than the rest.
        """
        hw = (photo.shape[-2], photo.shape[-1])
        unknown = ~self.raw.isfinite()
        known = pixels.display.stretched(self.raw.masked_fill(unknown, 0), low=0.0)
        gaps = bool(unknown.any())  # beside them nothing is smoothed, or they would seem to be measured as 0
        shown = explaining.alignment.laid(known, self.span, hw, explaining.alignment.hard if gaps else explaining.alignment.smooth)
        picture = pixels.display.overlay(photo, shown) if self.method in COARSE else pixels.display.heat(shown.sqrt())
        picture = explaining.alignment.striped(picture, photo, unknown) if gaps else picture
        words = [f"{TITLES[self.method]}: {name}", self.flat or f"at most {self.maximum:.3g}"]
        words += ["striped: not measured"] if gaps else []
        words += [] if self.sanity is None else [f"random weights: {self.sanity:.2f}"]
        return Tile(
            pixels=pixels.display.levels(picture),
            caption="; ".join(words),
            alt=f"{TITLES[self.method]}: what speaks for {name}, bright where it is",
        )


@dataclass(frozen=True)
class Question:
    """What is asked about a photo: a class by its number, or how near the net's answer is to a direction. top: the five likeliest classes.

    segments: whether the net gives a class to every pixel. likeness: the cosine of the photo's own answer with the direction.
    """

    name: str
    number: int | None = None
    top: tuple[Name, ...] = ()
    segments: bool = False
    direction: Direction | None = None
    likeness: float | None = None

    @property
    def short(self) -> str:
        """The first of the words that mean a class."""
        return self.name if self.number is None else self.name.split(",")[0]

    def answer(self) -> dict[str, object]:
        """As --json gives it."""
        told: dict[str, object] = {"top": [one.answer() for one in self.top], "class": self.number, "name": self.name}
        return told | ({} if self.likeness is None else {"cosine": round(self.likeness, 4)})


@dataclass(frozen=True)
class Attribution:
    """maps: one, or one for each method, of one question about the photo (1, 3, h, w)."""

    maps: tuple[Map, ...]
    question: Question
    photo: torch.Tensor

    @property
    def class_(self) -> int | None:
        """The number of the class asked about; None where a direction was."""
        return self.question.number

    @property
    def name(self) -> str:
        """The class asked about, or the direction."""
        return self.question.name

    @property
    def top(self) -> tuple[tuple[str, float], ...]:
        """The five likeliest classes (name, share): a probability, or a segmenter's share of pixels. Empty where a direction was asked about."""
        return tuple((one.name, one.share) for one in self.question.top)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of these classes."""
        return tuple(one.class_ for one in self.question.top)

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
        """What --json gives beside the picture's path."""
        told = self.question.answer() | self.maps[0].answer()
        return told | ({"method": "all", "maps": [m.answer() for m in self.maps]} if len(self.maps) > 1 else {})

    def lines(self) -> list[str]:
        """What the command prints above the picture's path."""
        q = self.question
        return [one.line() for one in q.top] if q.likeness is None else [f"{q.likeness:6.3f}  cosine with {q.name}"]

    def tiles(self) -> list[Tile]:
        seen = Tile(pixels=pixels.display.levels(self.photo), caption="the photo", alt="The photo as it was given")
        return [seen, *(m.tile(self.photo, self.question.short) for m in self.maps)]


def run(
    net: lens.Net,
    photo: torch.Tensor,
    s: Settings = Settings(),
    parts: torch.Tensor | None = None,
    at: torch.Tensor | None = None,
    like: torch.Tensor | None = None,
    towards: io.Vector | None = None,
) -> Attribution:
    """photo, parts, at, like: (1, 3, h, w) float32 sRGB in 0..1. Raises InputError for a class beyond the last, a net without classes that is
    given no direction, a direction that is not the net's, a rule that cannot hold, parts or at of another shape than the photo; UnknownName
    for a class or layer that the net lacks.
    """
    for what, mask in (("parts", parts), ("at", at)):
        if mask is not None:
            pixels.parts.fitting(f"--{what}", (mask.shape[-2], mask.shape[-1]), "the photo", (photo.shape[-2], photo.shape[-1]))
    question = asked(net, photo, s, at, like, towards)
    if parts is not None and s.method not in ("occlusion", "all"):
        events.note("--parts are covered by --method=occlusion: here they change nothing.")
    found: list[Map] = []
    refused = defaultdict(list)
    for method in TITLES if s.method == "all" else (s.method,):
        try:
            layer = next((str(m.more["layer"]) for m in found if "layer" in m.more), s.layer)  # chosen once, and told once
            found.append(measured(net, photo, question, method, replace(s, layer=layer), parts, at))
        except InputError as error:
            if s.method != "all" or (not found and method == list(TITLES)[-1]):
                raise
            refused[error.written].append(TITLES[method])
    for why, titles in refused.items():
        events.note(f"{', '.join(titles)} left out: {why}")
    for m in found:
        say(m, question.short, alone=s.method != "all")
    shown = pixels.sizes.resize(photo, pixels.sizes.fit((photo.shape[-2], photo.shape[-1]), SHOWN)).cpu()
    return Attribution(tuple(found), question, shown)


def asked(
    net: lens.Net, photo: torch.Tensor, s: Settings, at: torch.Tensor | None, like: torch.Tensor | None, towards: io.Vector | None
) -> Question:
    """What is asked about the photo: the class wanted or the likeliest, or how near its answer is to a direction."""
    from zorki.explaining import classes, directions

    size = classes.whole_size(net, photo)
    if direction := directions.direction(net, like, towards, s.token, size):
        if s.class_ is not None:
            raise InputError(
                f"A class and {direction.name} are asked about.", "One map shows one.", "Leave out --class, or --like and --towards."
            )
        likeness = float(direction.of(net.logits(pixels.sizes.resize(photo.detach(), size).to(net.device)))[0])
        events.note(f"The net's answer has a cosine of {likeness:.3f} with {direction.name}.")
        return Question(direction.name, direction=direction, likeness=likeness)
    number = None if s.class_ is None else classes.numbered(net, s.class_)
    share, segments = classes.shares(net, photo, at, guess=number is None)
    number = int(share.argmax()) if number is None else classes.within(number, len(share))
    question = Question(classes.called(net, number), number, tuple(classes.likeliest(net, share)), segments)
    if segments:
        place = (
            "all pixels, as the network gives it none"
            if share[number] == 0
            else f"the {float(share[number]):.1%} of pixels that it is given"
        )
        events.note(f"{question.short}: its logits are summed over {place if at is None else 'the bright pixels of --at'}.")
    elif at is not None:
        events.note("--at is for segmenters: a classifier is asked about the whole photo.")
    return question


def say(m: Map, name: str, alone: bool) -> None:
    """What a person should know of the map before believing it."""
    title = TITLES[m.method]
    if alone and m.more.get("why"):  # the same words whatever the class, so that they are counted over a folder
        events.note(f"{title}: {m.flat}, as {m.more['why']}")
    elif alone:
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


def measured(
    net: lens.Net, photo: torch.Tensor, question: Question, method: str, s: Settings, parts: torch.Tensor | None, at: torch.Tensor | None
) -> Map:
    """One method's map, and with --sanity how like it is to that of random weights."""
    from zorki.explaining import attribution, classes

    x = pixels.sizes.resize(photo, classes.whole_size(net, photo, 2 if method in CAMS and net.side < FINE else 1)).to(net.device)
    where = attribution.asked(net, x, question.number or 0, at) if question.segments else None
    ask = attribution.Ask(net, question.number or 0, where, question.direction)
    if method in CAMS:
        s = replace(s, layer=lens.choosing.weighed(net, s.layer, question.segments))
    made = mapped(ask, x, method, s, parts)
    if s.sanity:
        copies = (attribution.randomised(net, s.seed, k) for k in range(SHUFFLES))
        again = replace(s, layer=str(made.more.get("layer", s.layer))) if method in CAMS else s
        others = (mapped(replace(ask, net=copy), x, method, again, parts).raw for copy in copies)
        alike = [r for r in (attribution.rank_correlation(made.raw, raw) for raw in others) if r is not None]
        made = replace(made, sanity=sum(alike) / len(alike) if alike else None)
    return made


def mapped(ask: Ask, x: torch.Tensor, method: str, s: Settings, parts: torch.Tensor | None) -> Map:
    """One method's map of what is asked, for x (1, c, h, w)."""
    from zorki.explaining import attribution as by

    more: dict[str, object] = {}
    span = None
    if method in CAMS:
        told = lens.grids.told(s.grid, s.skip)
        a, g, layer = by.weighed(ask, x, str(s.layer), told)
        raw = {"gradcam": by.gradcam, "gradcam++": by.gradcam_plus, "layercam": by.layercam}[method](a, g)
        more["layer"] = layer
        span = explaining.alignment.span(ask.net, layer, (x.shape[-2], x.shape[-1]), (raw.shape[0], raw.shape[1]), told)
        if not bool(raw.any()):
            more["why"] = by.why_empty(a, g, layer)
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
    return Map(method, raw.detach().float().cpu(), more, span=span)
