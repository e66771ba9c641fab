"""Which of its classes a network sees in a photo, what it calls them, and which networks have none to ask about."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import torch

from zorki import lens
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.explaining import attribution
from zorki.pixels import sizes

SQUARES = 9  # at most, of a long strip
NORMS = ("LayerNorm", "RMSNorm")
DIRECTION = "Say what to look for: `zorki see attribution` takes --like=PICTURE and --towards=VECTOR.npy."


@dataclass(frozen=True)
class Name:
    """A class, its number, and its share: a probability, or a segmenter's share of the pixels."""

    name: str
    class_: int
    share: float

    @property
    def short(self) -> str:
        """The first of the words that mean the class."""
        return self.name.split(",")[0]

    def line(self) -> str:
        """A row of the table that a person reads."""
        return f"{self.share:6.1%}  {self.class_:4d}  {self.name}"

    def answer(self) -> dict[str, object]:
        """As --json gives it."""
        return {"class": self.class_, "name": self.name, "share": round(self.share, 4)}


def likeliest(net: lens.Net, share: torch.Tensor, count: int = 5) -> list[Name]:
    """So many classes with the largest shares (classes,), the largest first; of equal ones the first."""
    order = share.argsort(descending=True, stable=True)[:count].tolist()
    return [Name(called(net, k), k, float(share[k])) for k in order]


def called(net: lens.Net, number: int) -> str:
    """A class's name, "class 7" where it has none."""
    return net.classes[number] if net.classes and number < len(net.classes) else f"class {number}"


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


def within(number: int, count: int) -> int:
    """The number of one of so many classes. Raises InputError for any other."""
    if not 0 <= number < count:
        raise InputError(f"There is no class {number}.", f"The network has classes 0 to {count - 1}.", "Give one of these, or a name.")
    return number


def counted(net: lens.Net) -> int:
    """How many classes a net answers with, which it is asked."""
    grey = torch.full((net.batch or 1, net.channels, *net.hw), 0.5, dtype=torch.float32, device="cpu")
    answer = net.logits(grey)
    return answer.shape[-1 if answer.ndim == 3 else 1]  # of many cells each has all


def shares(net: lens.Net, photo: torch.Tensor, at: torch.Tensor | None = None, guess: bool = True) -> tuple[torch.Tensor, bool]:
    """Each class's share (classes,), and whether the net is a segmenter.

    A classifier's is of the whole photo, or the mean over squares as large as those that the net was tested on: they lie side by side
    along the longer side, a long strip gets more. A segmenter's is the share of pixels, where `at` is bright, that it gives the class.
    guess: nobody said that the net has classes; an encoder is not taken for a classifier then. Raises InputError for a net that is neither.
    """
    with torch.no_grad(), net.quiet():
        first_ones = torch.split(squares(net, photo), net.batch or SQUARES)
        logits = torch.cat([net.logits(x.to(net.device)).float() for x in first_ones])
        if logits.ndim == 4 and net.resize is not None:
            logits = net.logits(sizes.resize(photo, whole_size(net, photo)).to(net.device)).float()
    if logits.ndim not in (2, 4):
        raise InputError(f"{net.name} gives {tuple(logits.shape[1:])} numbers, not one for each class.", "It has no classes.", DIRECTION)
    if not torch.isfinite(logits).all():
        raise Stopped("The network answers with numbers that are not finite.", "Nothing was written.", "Look at its weights, mean and std.")
    if logits.ndim == 2:
        if guess and (why := encodes(net, first_ones[0], logits)):
            raise InputError(
                f"{net.name} {why}.", "So it is taken for an encoder, which has no classes, unless --class is given.", DIRECTION
            )
        return logits.softmax(1).mean(0), False
    places = attribution.given(logits)[0][attribution.bright(at, (logits.shape[-2], logits.shape[-1])).to(logits.device)]
    return torch.stack([(places == k).float().mean() for k in range(logits.shape[1])]), True


def encodes(net: lens.Net, x: torch.Tensor, answers: torch.Tensor) -> str:
    """Why a net that names no classes gives an embedding and no logits; "" where it may be a classifier.

    answers: (n, c), what it gives for x (n, 3, h, w). An encoder's have length 1 whatever the picture, and are no probabilities; or they
    come straight out of a norm over the channels, which leaves nothing for classes to be read from.
    """
    if net.classes or answers.shape[1] < 2:
        return ""
    if of_length_one(answers) and of_length_one(net.logits((1 - x).to(net.device)).float()):
        return f"gives vectors of length 1 ({answers.shape[1]} numbers) and names no classes"
    last = last_reckoning(net)
    if last is not None and last.kind.endswith(NORMS) and last.shape[-1:] == answers.shape[1:]:
        return f"ends in a {last.kind} ({last.name}) and names no classes"
    return ""


def last_reckoning(net: lens.Net) -> lens.Layer | None:
    """The last layer that is more than a view of the one before: with numbers of its own, or a norm."""
    layers = net.layers()
    holders = {name[:k] for name in net.names() for k, letter in enumerate(name) if letter == "."}
    return next((x for x in reversed(layers) if x.name not in holders and (x.parameters or x.kind.endswith(NORMS))), None)


def of_length_one(vectors: torch.Tensor) -> bool:
    """Whether all vectors (n, c) have length 1 up to rounding, and are not probabilities that are sure of one class."""
    sure = (vectors >= 0).all(1) & ((vectors.sum(1) - 1).abs() < 1e-3)
    return bool((((vectors.norm(dim=1) - 1).abs() < 1e-3) & ~sure).all())


def squares(net: lens.Net, photo: torch.Tensor) -> torch.Tensor:
    """The photo as the net is asked about it (n, 3, h, w): whole where nothing says how it was tested (`net.resize`)."""
    if net.resize is None:
        return sizes.resize(photo, whole_size(net, photo))
    h, w = photo.shape[-2:]
    side = min(min(h, w), round(min(h, w) * net.side / net.resize))
    room, across = max(h, w) - side, (min(h, w) - side) // 2
    count = 1 if max(h, w) < 1.1 * min(h, w) else min(SQUARES, max(3, round(max(h, w) / side)))
    places = [room // 2] if count == 1 else [round(room * i / (count - 1)) for i in range(count)]
    found = [photo[..., y : y + side, x : x + side] for y, x in ((p, across) if h > w else (across, p) for p in places)]
    return torch.cat([sizes.resize(x, net.hw) for x in found])


def whole_size(net: lens.Net, photo: torch.Tensor, times: float = 1) -> tuple[int, int]:
    """The size of the whole photo, in its own shape and with the area of the net's pictures; the net's own size where it takes no other."""
    step = net.step()
    if not step:
        return net.hw
    h, w = photo.shape[-2:]
    k = times * net.side / (h * w) ** 0.5
    return tuple(max(-(-net.least // step), round(side * k / step)) * step for side in (h, w))
