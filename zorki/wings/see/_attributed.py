"""A map of what speaks for an answer, what was asked, and both as a person sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zorki import explaining, pixels
from zorki.blocks import Tile
from zorki.core.spelling import on_command_line

if TYPE_CHECKING:
    import torch

    from zorki.explaining.classes import Name
    from zorki.explaining.directions import Direction
    from zorki.wings.see._boxes import Boxes

TITLES = {
    "gradcam": "Grad-CAM", "gradcam++": "Grad-CAM++", "layercam": "LayerCAM", "gradient": "gradient", "guided": "guided backpropagation",
    "deconvnet": "deconvnet", "smoothgrad": "SmoothGrad", "integrated": "integrated gradients", "occlusion": "occlusion",
}  # fmt: skip
CAMS = ("gradcam", "gradcam++", "layercam")
COARSE = (*CAMS, "occlusion")  # laid over the photo; the others are fine as hairs, and its own edges would be taken for theirs
SURVIVES = {
    "gradient": False,
    "gradcam": False,
    "guided": True,
}  # Adebayo et al. 2018: whether the map is much the same with random weights


@dataclass(frozen=True)
class Map:
    """One method's map. raw: (h, w), rows x columns, as it came out: signed for integrated gradients and occlusion, NaN where not measured.

    more: what else is known of it (layer, baseline, window, completeness). sanity: rank correlation with the maps that random weights
    give, mean of three, None when not asked for or flat. span: where the map lies in the photo, None: all over it. either: what is below 0 counts as what is
    above: it moves a side the other way.
    """

    method: str
    raw: torch.Tensor
    more: dict[str, object]
    sanity: float | None = None
    span: explaining.alignment.Span | None = None
    either: bool = False

    @property
    def counted(self) -> torch.Tensor:
        """(h, w): the map as it is shown, in which more is stronger."""
        return self.raw.abs() if self.either else self.raw

    @property
    def maximum(self) -> float:
        """The largest value measured: 0 or less means that nothing in the picture speaks for the class."""
        known = self.counted[self.raw.isfinite()]
        return float(known.max()) if known.numel() else 0.0

    @property
    def flat(self) -> str:
        """A warning where there is nothing to see."""
        known = self.counted[self.raw.isfinite()]
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

    def tile(self, photo: torch.Tensor, name: str, boxes: Boxes | None = None) -> Tile:
        """The map in heat colours over the photo (1, 3, h, w), scaled by its own maximum; striped where not measured. boxes: what is drawn on it.

        Fine maps stand alone, and their square roots are shown, as a few pixels are much brighter than the rest.
        """
        hw = (photo.shape[-2], photo.shape[-1])
        unknown = ~self.raw.isfinite()
        known = pixels.display.stretched(self.counted.masked_fill(unknown, 0), low=0.0)
        gaps = bool(unknown.any())  # beside them nothing is smoothed, or they would seem to be measured as 0
        shown = explaining.alignment.laid(known, self.span, hw, explaining.alignment.hard if gaps else explaining.alignment.smooth)
        picture = pixels.display.overlay(photo, shown) if self.method in COARSE else pixels.display.heat(shown.sqrt())
        picture = explaining.alignment.striped(picture, photo, unknown) if gaps else picture
        words = [f"{TITLES[self.method]}: {name}", self.flat or f"at most {self.maximum:.3g}"]
        words += ["striped: not measured"] if gaps else []
        words += [] if self.sanity is None else [f"random weights: {self.sanity:.2f}"]
        shows = pixels.display.levels(picture)
        return Tile(
            pixels=shows if boxes is None else boxes.marked(shows),
            caption="; ".join(words),
            alt=f"{TITLES[self.method]}: what {'moves the' if self.either else 'speaks for'} {name}, bright where it is",
        )


@dataclass(frozen=True)
class Question:
    """What is asked about a photo: a class by its number, or how near the net's answer is to a direction. top: the five likeliest classes.

    segments: whether the net gives a class to every pixel. likeness: the cosine of the photo's own answer with the direction. boxes: of a net that locates.
    """

    name: str
    number: int | None = None
    top: tuple[Name, ...] = ()
    segments: bool = False
    direction: Direction | None = None
    likeness: float | None = None
    boxes: Boxes | None = None

    @property
    def short(self) -> str:
        """The first of the words that mean a class."""
        return self.name if self.number is None else self.name.split(",")[0]

    def answer(self) -> dict[str, object]:
        """As --json gives it."""
        told: dict[str, object] = {"top": [one.answer() for one in self.top], "class": self.number, "name": self.name}
        told |= {} if self.boxes is None else self.boxes.answer()
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
        if q.boxes is not None:
            return q.boxes.lines()
        return [one.line() for one in q.top] if q.likeness is None else [f"{q.likeness:6.3f}  cosine with {q.name}"]

    def tiles(self) -> list[Tile]:
        boxes, shown = self.question.boxes, pixels.display.levels(self.photo)
        seen = Tile(pixels=shown if boxes is None else boxes.marked(shown), caption="the photo", alt="The photo as it was given")
        return [seen, *(m.tile(self.photo, self.question.short, boxes) for m in self.maps)]
