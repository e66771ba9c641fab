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
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Least
from zorki.wings.see._attributed import CAMS, TITLES, Attribution, Map, Question

if TYPE_CHECKING:
    import torch

    from zorki.explaining.attribution import Ask

SHUFFLES = 3  # copies with random weights: one alone says little of a map of few cells
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
    detection: Annotated[int, Least(1)] | None = None
    "of a network that locates: the detection asked about, 1 the surest, as `zorki locate predict` lists them; not given: all of the class together"
    box: Literal["left", "top", "right", "bottom", "width", "height"] | None = None
    "of a network that locates: in place of the class, what moves that side of the box of the detection (not given: of the surest)"
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
            own = question.boxes is not None and question.boxes.level is not None  # then it is not one layer for all methods
            found.append(measured(net, photo, question, method, s if own else replace(s, layer=layer), parts, at))
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
    from zorki.locating import looking

    size = classes.whole_size(net, photo)
    if direction := directions.direction(net, like, towards, s.token, size):
        if s.class_ is not None:
            raise InputError(
                f"A class and {direction.name} are asked about.", "One map shows one.", "Leave out --class, or --like and --towards."
            )
        if s.detection is not None or s.box is not None:
            got = f"A detection and {direction.name} are asked about."
            raise InputError(got, "One map shows one.", "Leave out --detection and --box, or --like and --towards.")
        likeness = float(direction.of(net.logits(pixels.sizes.resize(photo.detach(), size).to(net.device)))[0])
        events.note(f"The net's answer has a cosine of {likeness:.3f} with {direction.name}.")
        return Question(direction.name, direction=direction, likeness=likeness)
    if looking.locates(net) or s.detection is not None or s.box is not None:
        return located(net, photo, s, at)
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


def located(net: lens.Net, photo: torch.Tensor, s: Settings, at: torch.Tensor | None) -> Question:
    """What is asked of a net that gives boxes."""
    from zorki.wings.see import _boxes

    if at is not None:
        events.note("--at is for segmenters: it changes nothing here.")
    boxes, number = _boxes.asked(net, photo, s)
    what = boxes.names[number] + (f" {boxes.detection}" if boxes.detection and len(boxes.found) > 1 else "")
    return Question(what if s.box is None else f"{s.box} of {what}", number, boxes=boxes)


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

    boxes = question.boxes
    if boxes is None:
        x = pixels.sizes.resize(photo, classes.whole_size(net, photo, 2 if method in CAMS and net.side < FINE else 1)).to(net.device)
        where = attribution.asked(net, x, question.number or 0, at) if question.segments else None
        ask = attribution.Ask(net, question.number or 0, where, question.direction)
    else:  # as it is shown where things are looked for: the cells are of a picture of that size
        x, ask = boxes.seen.to(net.device), attribution.Ask(boxes.net, 0, read=boxes.read, either=boxes.side is not None)
    if method in CAMS:
        own = boxes.weighed(method) if boxes is not None and s.layer is None else None
        s = replace(s, layer=own or lens.choosing.weighed(net, s.layer, question.segments))
    made = mapped(ask, x, method, s, parts)
    if s.sanity:
        copies = (attribution.randomised(ask.net, s.seed, k) for k in range(SHUFFLES))
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
        raw = by.cam(ask, method, a, g)
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
    return Map(method, raw.detach().float().cpu(), more, span=span, either=ask.either)
