"""Cards: what a network is, where it comes from, what it can do and what it is not fit for."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

from zorki.core import folders
from zorki.core.errors import InputError, UnknownName

Task = Literal["classify", "style", "segment", "locate", "faces"]
DOES = {"faces": "name the expressions of faces"}  # of a task that is no verb, what such a network does
OURS = "zorki:"  # before a name: the network of Zorki's, also where a file bears that name
DEFAULT = "eye"  # the network that is looked at where nobody names one
NAMERS = ("lite2", "lite0", "eye")  # networks that name things, the best one first
FILES = Path(str(resources.files("zorki.weights"))) / "files"
RUN_CARD, RUN_WEIGHTS = "card.toml", "best.safetensors"  # in a run folder
HOMELESS = Path("~", ".cache", "zorki")  # said, never made


def downloads() -> Path:
    """Where official weight files are put when somebody asks for them; where they would be, for a user without a home."""
    return (folders.cache() or HOMELESS) / "weights"


def own() -> Path | None:
    """The user's folder: a NAME.toml with a NAME.safetensors beside it is a network like those that ship. None without a home."""
    folder = folders.data()
    return None if folder is None else folder / "models"


@dataclass(frozen=True)
class Style:
    """A style that a brush has. name: what one types; source: whose it is, or what made it."""

    name: str
    title: str
    source: str
    licence: str


@dataclass(frozen=True)
class Card:
    """A network's card, as its TOML file says.

    task: what it was trained for. build: the class or function that makes the net, as "module:name"; arguments: what it is called with; convert: a function
    that brings the file's names to the net's. layer: where methods look when no layer is given. side: pixels of the pictures
    it was trained on; resize: the shorter side of a photo when it was tested, before the middle was cut out. accuracy: a share in 0..1, with how it was `measured` by us, or where it was `published`.
    styles: of a brush, in the order of its vectors. Of a segmenter: colours: #rrggbb of each class, as its masks show it; void: the stored values that counted nowhere
    in the masks it learnt from; pictures: how its pictures were read (`zorki/io/brightness.py`). least: of a detector, how sure of a thing it is to be that the thing is shown.
    Where the numbers are: beside the card (called after it, or `beside`; `sha256` of the file, required of what ships), in a pip `package` (`file` inside it,
    `extra` of Zorki's that installs it), or at a `url` that is fetched only when asked for (`sha256`: as much of it as the name carries).
    """

    name: str
    folder: Path = field(repr=False)
    title: str
    licence: str
    build: str
    parameters: int
    side: int
    data: str
    not_fit_for: str
    classes: tuple[str, ...] = field(repr=False)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    convert: str = ""
    sha256: str = ""
    url: str = ""
    bytes: int = 0
    package: str = ""
    file_in_package: str = ""
    extra: str = ""
    beside: str = ""
    layer: str | None = None
    resize: int | None = None
    task: Task = "classify"
    accuracy: float | None = None
    measured: str = ""
    published: str = ""
    teachers: str = ""
    recipe: str = ""
    styles: tuple[Style, ...] = field(default=(), repr=False)
    figures: Mapping[str, str] = field(default_factory=dict)
    colours: tuple[str, ...] = field(default=(), repr=False)
    void: tuple[int, ...] = field(default=(), repr=False)
    pictures: Mapping[str, Any] = field(default_factory=dict, repr=False)
    least: float | None = None

    @property
    def file(self) -> Path:
        """Where the numbers are, or would be."""
        if self.package:
            found = find_spec(self.package)
            place = Path(found.origin).parent if found is not None and found.origin else Path(self.package)
            return place / self.file_in_package
        return downloads() / self.url.rpartition("/")[2] if self.url else self.folder / (self.beside or f"{self.name}.safetensors")

    @property
    def installed(self) -> bool:
        return self.file.is_file()

    @property
    def source(self) -> str:
        """Where the numbers come from, in a word or two."""
        if self.package:
            return f"pip: {self.package.replace('_', '-')}"
        return self.url or ("ships with Zorki" if self.folder == FILES else "your own folder")

    @property
    def missing(self) -> str:
        """What to do when the numbers are not there."""
        if self.package:
            return f"Install them: pip install 'zorki[{self.extra}]'."
        if self.url:
            return f"Get them: `zorki models get {self.name}`."
        return "Install Zorki again." if self.folder == FILES else "Put them there."

    def rows(self) -> list[tuple[str, str]]:
        """The card as (what, said), for people."""
        known = self.file.stat().st_size if self.installed else self.bytes
        size = f"{self.parameters:,} parameters" + (f", {megabytes(known)}" if known else "")
        how = f"measured: {self.measured}" if self.measured else f"published: {self.published}"
        said = [
            ("name", self.name),
            ("what", self.title),
            ("task", self.task if self.task != "classify" else ""),
            ("licence", self.licence),
            ("size", size),
            ("where", str(self.file) if self.installed else f"not here. {self.missing.replace('`', '')}"),
            ("source", self.source),
            ("accuracy", "" if self.accuracy is None else f"{self.accuracy:.1%} ({how})"),
            *self.figures.items(),
            ("classes", f"{len(self.classes):,}: {', '.join(short(c) for c in self.classes[:3])} …" if self.classes else ""),
            ("styles", f"{len(self.styles)}: {', '.join(s.name for s in self.styles[:3])} …" if self.styles else ""),
            ("data", self.data),
            ("teachers", self.teachers),
            ("recipe", self.recipe),
            ("not fit for", self.not_fit_for),
        ]
        return [(what, text) for what, text in said if text]

    def json(self) -> dict[str, Any]:
        """As `zorki models --json` prints it: `accuracy` comes with `measured` or with `published`, whichever it is."""
        hidden = (
            "arguments", "beside", "build", "convert", "folder", "measured", "published", "file_in_package", "extra", "bytes", "colours", "void", "pictures",
        )  # fmt: skip
        out: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in hidden}
        out |= {
            "installed": self.installed,
            "classes": list(self.classes),
            "styles": [asdict(s) for s in self.styles],
            "figures": dict(self.figures),
            "source": self.source,
        }
        return out | ({"measured": self.measured} if self.measured else {"published": self.published})


def check_kinds(table: Mapping[str, Any]) -> None:
    """Raises TypeError for a field whose value is of another kind than it is to be."""
    whole: dict[str, Any] = dict.fromkeys(("parameters", "side", "resize", "bytes"), int)
    lists, tables = dict.fromkeys(("styles", "colours", "void"), list), dict.fromkeys(("arguments", "figures", "pictures"), dict)
    kinds = whole | lists | tables | dict.fromkeys(("accuracy", "least"), (int, float))
    for name, value in table.items():
        if not isinstance(value, kinds.get(name, str)):
            raise TypeError(f"{name} is a {type(value).__name__}")
    wrong = [one for one in table.get("colours", ()) if not re.fullmatch("#[0-9a-fA-F]{6}", str(one))]
    if wrong:
        raise TypeError(f"its colour {wrong[0]!r} is not written #rrggbb")
    if table.get("task", "classify") not in get_args(Task):
        raise TypeError(f"its task is {table['task']!r}, not one of {', '.join(get_args(Task))}")


def megabytes(size: int) -> str:
    """6925480 → "6.9 MB"."""
    return f"{size / 1e6:.1f} MB" if size < 1e8 else f"{size / 1e6:.0f} MB"


def short(name: str) -> str:
    """A class by the first of its names."""
    return name.split(",")[0]


@cache
def imagenet() -> tuple[str, ...]:
    """The 1,000 classes of ImageNet's 2012 challenge, in the usual order."""
    with (FILES / "imagenet.csv").open(encoding="utf-8", newline="") as f:
        return tuple(row["name"] for row in csv.DictReader(f))


def names() -> tuple[str, ...]:
    """The networks that have a card: those of Zorki in name order, then the user's."""
    shipped = sorted(p.stem for p in FILES.glob("*.toml"))
    yours = own()
    return (*shipped, *sorted(p.stem for p in (() if yours is None else yours.glob("*.toml")) if p.stem not in shipped))


def installed(among: Sequence[str]) -> str:
    """The first of these networks whose numbers are here, else the last."""
    return next((name for name in among if card(name).installed), among[-1])


def card(name: str) -> Card:
    """Raises UnknownName with the nearest names, InputError for a damaged card of the user's."""
    if name not in names():
        raise UnknownName.among("model", name, names(), "`zorki models` lists them all.")
    folder = FILES if (FILES / f"{name}.toml").is_file() else own() or FILES
    return read_card(folder / f"{name}.toml", name)


def run_card(run: Path) -> Card:
    """What a training says of the network in its run folder. Raises InputError for a damaged card, and for one that names code of others."""
    found = read_card(run / RUN_CARD, run.name, RUN_WEIGHTS)
    for said in (found.build, found.convert):
        if said and not said.startswith("zorki."):
            raise InputError(
                f"The run {run.name} says that {said} makes its network.", "A run folder runs no code but Zorki's own.",
                "Give that code as --model=file.py:function, and the run's weights with --weights.",
            )  # fmt: skip
    return found


def read_card(path: Path, name: str, weights: str = "") -> Card:
    """A card's file. weights: what the numbers beside it are called, where not after the card. Raises InputError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        classes = table.pop("classes", ())
        check_kinds(table)
        known = imagenet() if classes == "imagenet" else tuple(classes)
        table |= {name: tuple(table[name]) for name in ("colours", "void") if name in table}
        table["styles"] = tuple(Style(**one) for one in table.pop("styles", ()))
        return Card(name=name, folder=path.parent, classes=known, **(table | {"beside": weights}))
    except (OSError, tomllib.TOMLDecodeError, TypeError, UnicodeDecodeError) as e:
        raise InputError(
            f"The card {path} cannot be read: {str(e)!r}.", "`zorki models eye` shows what a card holds.", "Mend it, or take it away."
        ) from e
