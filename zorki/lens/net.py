"""What every method receives: a user's or a shipped net, looked at without changing it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.utils._pytree import tree_map

from zorki.core import events
from zorki.core.errors import InputError, UnknownName, ZorkiError
from zorki.core.rough import roughly
from zorki.lens import sizes
from zorki.lens.inputs import copied, grey, keyword, quantised, refuse_unfinished, shapes, wants_grad
from zorki.lens.ordinary import ordinary
from zorki.lens.outputs import OUTPUT, chosen
from zorki.lens.parts import Parts
from zorki.lens.quieting import eager, inner, quiet
from zorki.lens.refusals import failed
from zorki.lens.table import Layer, Layers
from zorki.lens.trace import Trace, trace
from zorki.lens.turns import alone

_TRACES: WeakKeyDictionary[nn.Module, dict[Any, Any]] = WeakKeyDictionary()  # by what came in


class Net:
    """A net and what is known of it.

    module: an nn.Module, wrapped or not; it takes pictures (b, c, h, w). mean, std: given when the module expects pictures
    normalised by them; without, it normalises inside. classes: their names. default_layer: what a method looks at when no
    layer is given. side: pixels of the pictures that the net likes, (h, w) where they are not square. step: sides of other
    sizes go in steps of this many pixels, 0: it takes its own size alone. resize: the shorter side that photos had when it was
    tested, before the middle was cut out. batch: pictures at a time, where it takes just so many. channels: of the pictures it takes. What is not
    given of these three is found by trying. output: which of several outputs is meant, a number or a key. drawing: see `precision`.
    styles: of a brush, as its card lists them.
    Raises InputError for a module that cannot run: lazy layers that never ran, no numbers yet.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        name: str = "",
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        classes: Sequence[str] | None = None,
        default_layer: str | None = None,
        side: int | tuple[int, int] | None = None,
        step: int | None = None,
        resize: int | None = None,
        batch: int | None = None,
        channels: int | None = None,
        output: int | str | None = None,
        drawing: torch.dtype = torch.float32,
        styles: Sequence[Any] = (),
    ) -> None:
        if not isinstance(module, nn.Module):
            raise InputError(
                f"The net is a {type(module).__name__}.", "A net is a torch.nn.Module.", "Give one, or what zorki.load returns."
            )
        refuse_unfinished(module, name or type(module).__name__)
        self.inner = ordinary(inner(module))
        self.module = module if self.inner is inner(module) else self.inner
        self._parts = Parts(self.inner)
        self._keyword = keyword(self.inner)
        self.name = name or str(getattr(self.inner, "_ty", None) or type(self.inner).__name__).rpartition(".")[2]
        self.mean, self.std = mean, std
        self.classes = None if classes is None else list(classes)
        self.default_layer = default_layer
        self.output = output
        self.drawing = drawing
        self.styles = tuple(styles)
        self._channels = channels
        self._hw = (side, side) if isinstance(side, int) else side
        self._step = step
        self.resize = resize
        self.batch = batch

    @classmethod
    def of(cls, net: Net | nn.Module) -> Net:
        """A net as it is, a module as a Net."""
        return net if isinstance(net, Net) else cls(net)

    def __repr__(self) -> str:
        return f"Net({self.name})"

    def alone(self) -> AbstractContextManager[Any]:
        """Inside `with`, no other thread changes or runs the module; nothing is yielded meanwhile."""
        return alone(self.inner)  # type: ignore[no-any-return]

    @property
    def device(self) -> torch.device:
        """Where the net's weights are."""
        weight = self._weight()
        return torch.device("cpu") if weight is None else weight.device

    @property
    def hw(self) -> tuple[int, int]:
        """The size of the pictures that the net likes: as given, else the first that it takes of its own hints, 224, 64, 32 …"""
        if self._hw is None:
            self.layers()
        return self._hw or (sizes.SIDES[0], sizes.SIDES[0])

    @property
    def side(self) -> int:
        """`hw` as one number: the side of the square of that area."""
        return round(math.sqrt(self.hw[0] * self.hw[1]))

    @property
    def channels(self) -> int:
        """Of the pictures that the net takes: as given, else 3, or what its first convolution takes."""
        if self._channels is None:
            self.layers()
        return self._channels or 3

    @property
    def colours(self) -> bool:
        """Whether it tells colours apart, found by trying: not of one channel, nor where pictures are made grey inside."""
        if self.channels == 1:
            return False
        with self.alone():
            known = self._known()
            if "colours" not in known:
                from zorki.lens.colours import told

                known["colours"] = told(self)
            return bool(known["colours"])

    @property
    def least(self) -> int:
        """The smallest side of a picture that leaves every map at least one unit."""
        maps = self._trace(None).grids()
        return max(-(-side // min(m[axis] for m in maps)) for axis, side in enumerate(self.hw)) if maps else min(self.hw)

    def step(self, layers: str | Sequence[str] | None = None) -> int:
        """Sides of pictures go in steps of this many pixels for `layers` (not given: the output): 1 for most nets.

        0: no size but `hw` is taken, as by a linear layer that counts units or by learnt positions of tokens.
        """
        if self._step is not None:
            return self._step
        with self.alone():
            hw, known, key = self.hw, self._known(), f"step of {layers}"
            if key not in known:
                refused = [k for k in sizes.STEPS if not sizes.takes(self, (hw[0] + k, hw[1] + k), layers or OUTPUT)]
                known[key] = 0 if sizes.STEPS[-1] in refused else 2 * max(refused, default=0) or 1
                if not known[key]:
                    events.note(f"{self.name} takes pictures of {hw[0]} × {hw[1]} pixels alone: what it is shown is brought to that size.")
            return int(known[key])

    def multiple(self, layers: str | Sequence[str] | None = None) -> int:
        """Sides that are multiples of this leave no row or column that a deeper map does not see."""
        return math.lcm(self.least, self.step(layers) or 1)

    def like(self, module: nn.Module, *, name: str = "", drawing: torch.dtype | None = None, output: int | str | None = None) -> Net:
        """Another module (or the same) with all that is known of this one: its names, its normalisation, its size; this one stays as it is. output: another
        of its outputs."""
        return Net(
            module, name=name or self.name, mean=self.mean, std=self.std, classes=self.classes, default_layer=self.default_layer,
            side=self._hw, step=self._step, resize=self.resize, batch=self.batch, channels=self._channels,
            output=self.output if output is None else output, drawing=drawing or self.drawing, styles=self.styles,
        )  # fmt: skip

    def layers(self, hw: tuple[int, int] | None = None) -> Layers:
        """All layers in the order in which they end, as pictures of `hw` (not given: side x side) make them.

        Runs the net once on such a picture; remembered. Raises InputError with the net's own words when it fails.
        """
        return self._trace(hw).layers

    def names(self) -> list[str]:
        """The layers' names, in the same order."""
        return [layer.name for layer in self.layers()]

    def layer(self, name: str) -> Layer:
        """The layer of that name, with or without a wrapper's prefix; of one that runs several times the last call.

        Raises UnknownName with the nearest names.
        """
        base, calls = self._resolve(name, self._trace(None))
        found = {layer.name: layer for layer in self.layers()}
        key = base if base in found else f"{base}:{calls[-1]}"
        if key not in found:
            raise InputError(
                f"The layer {name!r} gives no tensor.", "What is looked at is a tensor.", "`zorki layers` lists those that do."
            )
        return found[key]

    def pick_layer(self, name: str | None) -> str:
        """That layer's own name (of one that runs several times its last call's).

        None: the card's default, else the last layer with maps at two thirds of the depth (`choosing.drawable`). Raises UnknownName.
        """
        if name is None and self.default_layer is None:
            from zorki.lens.choosing import drawable

            drawn = [layer.name for layer in drawable(self)]
            if not drawn:
                raise self._hidden()
            return drawn[max(0, round(len(drawn) * 2 / 3) - 1)]
        chosen = name if name is not None else str(self.default_layer)
        return self.layer(chosen).name

    def part(self, name: str) -> nn.Module:
        """The module that a layer's name stands for. Raises UnknownName."""
        found = self._trace(None)
        return self.inner.get_submodule(found.paths[self._resolve(name, found)[0]])

    def logits(self, picture: Any) -> torch.Tensor:
        """(b, classes) for pictures (b, c, h, w) in 0..1, in eval mode; with a graph only when a picture asks for gradients.

        Of a tuple, dict or dataclass the first tensor is taken ("logits" or an embedding if so named); a list must be chosen from by
        `output`. Parameters get no gradients. Raises InputError.
        """
        grad = wants_grad(picture)
        with self.quiet(), torch.inference_mode(False) if grad else torch.no_grad(), torch.set_grad_enabled(grad):
            if self._channels is None:
                with suppress(InputError):  # it takes no size that was tried: it may take this picture
                    self.layers()
            found = self.chosen(self.run(picture, backward=grad))
            if grad and not found.requires_grad:
                from zorki.lens.wayback import refusal

                raise refusal(self, picture)
            return found

    def quiet(self) -> AbstractContextManager[None]:
        """Eval mode, frozen, inside `with`; see `lens.quiet`."""
        return quiet(self.inner, self._parts)

    def precision(self) -> AbstractContextManager[Any]:
        """Inside `with`, the net computes in `drawing`, the float type that is good enough to draw with; measuring stays out of it."""
        weight = self._weight()
        if (weight is not None and weight.dtype != torch.float32) or quantised(
            self._parts.now().modules
        ):  # these compute in their own type
            return nullcontext()
        return roughly() if self.drawing == torch.float32 else torch.autocast(self.device.type, self.drawing)

    def run(self, picture: Any, *, backward: bool = False) -> Any:
        """The module's own output, in the mode it is in, for a picture on any device and of any float type.

        Raises InputError with the net's own words when it fails; what is no error of the net's (memory) as it is.
        """
        try:
            with self.alone(), eager(self._parts.now().modules, backward=backward):
                return self.inner(self._fit(picture)) if self._keyword is None else self.inner(**{self._keyword: self._fit(picture)})
        except (ZorkiError, MemoryError, torch.cuda.OutOfMemoryError):
            raise
        except Exception as error:
            if "allocate" in str(error):  # torch tells a full main memory by a RuntimeError
                raise
            raise failed(self.name, self.inner, picture, error) from error

    def chosen(self, output: Any) -> torch.Tensor:
        """The tensor meant in the module's output: by `output`, else what is named as an answer, else the first. Raises InputError."""
        return chosen(output, self.output)

    def _weight(self) -> torch.Tensor | None:
        now = self._parts.now()
        return next((p for p in (*now.parameters, *now.buffers) if p.is_floating_point()), None)

    def _fit(self, picture: Any) -> Any:
        """A copy (a net may write into what it gets) on the net's device, in its float type, normalised; leaves out what is no picture."""
        if isinstance(picture, list | tuple):
            return type(picture)(self._fit(one) for one in picture)
        if not isinstance(picture, torch.Tensor):
            return picture
        if picture.dim() == 4 and picture.shape[1] == 3 and self._channels not in (None, 3):
            picture = grey(picture, self._channels, self.name)
        weight = self._weight()
        dtype = weight.dtype if weight is not None and picture.is_floating_point() else picture.dtype
        x = picture.to(self.device if weight is not None else picture.device, dtype, copy=True)
        if self.mean is not None and x.dim() == 4:
            x = x - x.new_tensor(self.mean).view(-1, 1, 1)
        if self.std is not None and x.dim() == 4:
            x = x / x.new_tensor(self.std).view(-1, 1, 1)
        return x

    def _hidden(self) -> InputError:
        return InputError(
            f"{self.name} shows no layer.",
            "A TorchScript or flattened file hides its inside.",
            "Give the nn.Module that it was made of, or ask for its answer alone: `zorki see attribution --method=gradient`.",
        )

    def _known(self) -> dict[Any, Any]:
        """The passes seen so far; none of a net that was rebuilt since."""
        known = _TRACES.setdefault(self.inner, {})
        state = tuple((id(m), type(m)) for m in self._parts.now().modules)
        if known.get("state") != state:
            known.clear()
            known["state"] = state
        if self._channels is None:
            self._channels = known.get("channels")
        if self._hw is None:
            self._hw = known.get("hw")
        return known

    def _trace(self, hw: tuple[int, int] | None, given: Any = None) -> Trace:
        """The pass at `hw`; at a size that the net likes when None; of `given` for nets that take more than a picture."""
        with self.alone():
            known, asked = self._known(), self._key(hw, given)
            if asked not in known:
                known[asked] = sizes.first(self, hw) if given is None else trace(self.inner, self.run, tree_map(copied, given))
                known[self._key(hw, given)] = known[asked]  # a side found by trying is known from now on
            found: Trace = known[asked]
            return found

    def _key(self, hw: tuple[int, int] | None, given: Any) -> Any:
        return hw or self._hw, self._channels, None if given is None else repr(shapes(given))

    def _order(self, picture: Any) -> Trace:
        """A pass that tells in what order layers run for such a picture: any seen before, else a small one."""
        if not isinstance(picture, torch.Tensor):
            return self._trace(None, given=picture)
        seen = [found for key, found in self._known().items() if isinstance(key, tuple) and key[-1] is None]
        if seen or picture.dim() != 4:
            return seen[-1] if seen else self._trace(None)
        own = (picture.shape[2], picture.shape[3])
        if self._hw is None and own[0] * own[1] <= sizes.SIDES[0] ** 2:
            return self._trace(own)
        try:
            return self._trace(None)
        except InputError:
            return self._trace(own)

    def _resolve(self, name: str, found: Trace) -> tuple[str, list[int]]:
        """The base name in the trace and which of its calls are meant."""
        calls: dict[str, list[int]] = {}
        for base, k in found.calls:
            calls.setdefault(base, []).append(k)
        plain = name.replace("_orig_mod.", "")
        if not plain:
            raise UnknownName.among("layer", name, [layer.name for layer in found.layers], "`zorki layers` lists them all.")
        own = {path: base for base, path in found.paths.items()}
        for candidate in (plain, plain.removeprefix("module.")):
            candidate = candidate if candidate in calls else own.get(candidate, candidate)
            if candidate in calls:
                return candidate, calls[candidate]
            base, _, call = candidate.rpartition(":")
            if base in calls and call.isdecimal() and int(call) in calls[base]:
                return base, [int(call)]
        for candidate in (plain, plain.removeprefix("module.")):
            for path, module in self.inner.named_modules(remove_duplicate=False):
                if path == candidate:
                    shared = next((b for b in calls if self.inner.get_submodule(found.paths[b]) is module), None)
                    if shared is not None:
                        return shared, calls[shared]  # one module under two names
                    got = f"The layer {name!r} exists but does not run in eval mode."
                    raise InputError(got, "A net is looked at in that mode.", "Choose one that runs: `zorki layers` lists them.")
        raise UnknownName.among("layer", name, [layer.name for layer in found.layers], "`zorki layers` lists them all.")
