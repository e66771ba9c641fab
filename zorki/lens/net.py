"""What every method receives: a user's or a shipped net, looked at without changing it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.utils._pytree import tree_map

from zorki.core.errors import InputError, UnknownName, ZorkiError
from zorki.lens.quieting import eager, inner, quiet
from zorki.lens.table import Layer, Layers
from zorki.lens.trace import Trace, tensor_in, trace

SIDES = (224, 64, 32, 28, 299, 256, 384)  # tried in turn where nothing says what a net likes
_TRACES: WeakKeyDictionary[nn.Module, dict[Any, Any]] = WeakKeyDictionary()  # by what came in


class Net:
    """A net and what is known of it.

    module: an nn.Module, wrapped or not; it takes pictures (b, c, h, w). mean, std: given when the module expects pictures
    normalised by them; without, it normalises inside. classes: their names. default_layer: what a method looks at when no
    layer is given. side: pixels of the square pictures that the net likes. channels: of the pictures it takes; when it
    takes another number, its first convolution's is used. output: which of several outputs is meant, a number or a key.
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
        side: int | None = None,
        channels: int = 3,
        output: int | str | None = None,
    ) -> None:
        if not isinstance(module, nn.Module):
            raise InputError(f"The net is a {type(module).__name__}.", "A net is a torch.nn.Module.")
        self.module = module
        self.inner = inner(module)
        self.name = name or type(self.inner).__name__
        self.mean, self.std = mean, std
        self.classes = None if classes is None else list(classes)
        self.default_layer = default_layer
        self.channels = channels
        self.output = output
        self.drawing = torch.float32
        self._side = side

    @classmethod
    def of(cls, net: Net | nn.Module) -> Net:
        """A net as it is, a module as a Net."""
        return net if isinstance(net, Net) else cls(net)

    def __repr__(self) -> str:
        return f"Net({self.name})"

    @property
    def device(self) -> torch.device:
        """Where the net's weights are."""
        weight = self._weight()
        return torch.device("cpu") if weight is None else weight.device

    @property
    def side(self) -> int:
        """Pixels of the square pictures that the net likes: as given, else the first of 224, 64, 32 … that it takes."""
        if self._side is None:
            self.layers()
        return self._side or SIDES[0]

    @property
    def least(self) -> int:
        """The smallest side of a picture that leaves every map at least one unit."""
        maps = [min(layer.shape[1:]) for layer in self.layers() if len(layer.shape) == 3 and min(layer.shape[1:]) > 1]
        return -(-self.side // min(maps)) if maps else self.side

    def like(self, module: nn.Module) -> Net:
        """Another module with all that is known of this one: its names, its normalisation, its size."""
        made = Net(
            module, name=self.name, mean=self.mean, std=self.std, classes=self.classes, default_layer=self.default_layer,
            side=self._side, channels=self.channels, output=self.output,
        )  # fmt: skip
        made.drawing = self.drawing
        return made

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
            raise InputError(f"The layer {name!r} gives no tensor.", "What is looked at is a tensor.")
        return found[key]

    def pick_layer(self, name: str | None) -> str:
        """That layer's own name (of one that runs several times its last call's).

        None: the card's default, else the last layer with maps at two thirds of the depth. Raises UnknownName.
        """
        if name is None and self.default_layer is None:
            drawn = [layer.name for layer in self.layers() if len(layer.shape) == 3 and min(layer.shape[1:]) > 1]
            drawn = drawn or [layer.name for layer in self.layers() if len(layer.shape) > 1] or self.names()
            if not drawn:
                raise InputError(f"{self.name} shows no layer.", "", "A scripted or exported net hides them: give the original.")
            return drawn[max(0, round(len(drawn) * 2 / 3) - 1)]
        chosen = name if name is not None else str(self.default_layer)
        return self.layer(chosen).name

    def logits(self, picture: Any) -> torch.Tensor:
        """(b, classes) for pictures (b, c, h, w) in 0..1, in eval mode; with a graph only when a picture asks for gradients.

        Of a tuple, dict or dataclass the first tensor is taken ("logits" if so named); a list must be chosen from by
        `output`. Parameters get no gradients. Raises InputError.
        """
        grad = wants_grad(picture)
        with quiet(self.inner), torch.inference_mode(False) if grad else torch.no_grad(), torch.set_grad_enabled(grad):
            return self.chosen(self.run(picture, backward=grad))

    def quiet(self) -> AbstractContextManager[None]:
        """Eval mode, frozen, inside `with`; see `lens.quiet`."""
        return quiet(self.inner)

    def precision(self) -> AbstractContextManager[Any]:
        """Inside `with`, the net computes in `drawing`, the float type that is good enough to draw with; measuring stays out of it."""
        weight = self._weight()
        plain = weight is not None and weight.dtype != torch.float32  # a half net computes in its own type
        return nullcontext() if plain or self.drawing == torch.float32 else torch.autocast(self.device.type, self.drawing)

    def run(self, picture: Any, *, backward: bool = False) -> Any:
        """The module's own output, in the mode it is in, for a picture on any device and of any float type.

        Raises InputError with the net's own words when it fails; what is no error of the net's (memory) as it is.
        """
        try:
            with eager(self.inner, backward=backward):
                return self.inner(self._fit(picture))
        except (ZorkiError, MemoryError, torch.cuda.OutOfMemoryError):
            raise
        except Exception as error:
            if "allocate" in str(error):  # torch tells a full main memory by a RuntimeError
                raise
            words = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(
                f"{self.name} fails on {described(picture)}: {words}",
                "",
                "It may take another size or number of channels (side, channels).",
            ) from error

    def chosen(self, output: Any) -> torch.Tensor:
        """The tensor meant in the module's output."""
        if isinstance(output, torch.Tensor):
            return output
        many = {f.name: getattr(output, f.name) for f in dataclasses.fields(output)} if dataclasses.is_dataclass(output) else output
        if self.output is not None:
            try:
                found = tensor_in(many[self.output])
            except (KeyError, IndexError, TypeError):
                found = None
            if found is None:
                raise InputError(f"The output has no tensor {self.output!r}.", f"It is a {type(output).__name__} of {len(many)}.")
            return found
        if isinstance(output, list) and len(output) > 1:
            choices = " or ".join(map(str, range(len(output)))) if len(output) < 5 else f"0 to {len(output) - 1}"
            raise InputError(f"output is a list of {len(output)}: choose {choices}", "", "Say which with Net(…, output=0).")
        if isinstance(many, Mapping) and isinstance(many.get("logits"), torch.Tensor):
            return many["logits"]  # type: ignore[no-any-return]
        found = tensor_in(many)
        if found is None:
            raise InputError(f"The net gives a {type(output).__name__} without any tensor.", "Its output is a tensor or holds one.")
        return found

    def _weight(self) -> torch.Tensor | None:
        return next((p for p in (*self.inner.parameters(), *self.inner.buffers()) if p.is_floating_point()), None)

    def _fit(self, picture: Any) -> Any:
        """A copy (a net may write into what it gets) on the net's device, in its float type, normalised; leaves out what is no picture."""
        if isinstance(picture, list | tuple):
            return type(picture)(self._fit(one) for one in picture)
        if not isinstance(picture, torch.Tensor):
            return picture
        weight = self._weight()
        dtype = weight.dtype if weight is not None and picture.is_floating_point() else picture.dtype
        x = picture.to(self.device if weight is not None else picture.device, dtype, copy=True)
        if self.mean is not None and x.dim() == 4:
            x = x - x.new_tensor(self.mean).view(-1, 1, 1)
        if self.std is not None and x.dim() == 4:
            x = x / x.new_tensor(self.std).view(-1, 1, 1)
        return x

    def _known(self) -> dict[Any, Any]:
        """The passes seen so far; none of a net that was rebuilt since."""
        known = _TRACES.setdefault(self.inner, {})
        state = tuple((id(m), type(m)) for m in self.inner.modules())
        if known.get("state") != state:
            known.clear()
            known["state"] = state
        return known

    def _trace(self, hw: tuple[int, int] | None, given: Any = None) -> Trace:
        """The pass at `hw`; at a size that the net likes when None; of `given` for nets that take more than a picture."""
        known, asked = self._known(), self._key(hw, given)
        if asked not in known:
            known[asked] = self._first(hw) if given is None else trace(self.inner, self.run, tree_map(copied, given))
            known[self._key(hw, given)] = known[asked]  # a side found by trying is known from now on
        found: Trace = known[asked]
        return found

    def _key(self, hw: tuple[int, int] | None, given: Any) -> Any:
        return hw or self._side, self.channels, None if given is None else repr(shapes(given))

    def _order(self, picture: Any) -> Trace:
        """A pass that tells in what order layers run for such a picture: any seen before, else a small one."""
        if not isinstance(picture, torch.Tensor):
            return self._trace(None, given=picture)
        seen = [found for key, found in self._known().items() if key != "state" and key[-1] is None]
        if seen or picture.dim() != 4:
            return seen[-1] if seen else self._trace(None)
        own = (picture.shape[2], picture.shape[3])
        if self._side is None and own[0] * own[1] <= SIDES[0] ** 2:
            return self._trace(own)
        try:
            return self._trace(None)
        except InputError:
            return self._trace(own)

    def _first(self, hw: tuple[int, int] | None) -> Trace:
        first: InputError | None = None
        sizes = [hw] if hw else [(side, side) for side in ((self._side,) if self._side else SIDES)]
        weight = self._weight()
        for (h, w), channels in ((size, c) for size in sizes for c in self._channels()):
            ramp = torch.linspace(0, 1, channels * h * w, dtype=torch.float32).view(1, channels, h, w)  # no random numbers spent
            try:
                found = trace(self.inner, self.run, ramp if weight is None else ramp.to(weight.device, weight.dtype))
            except InputError as error:
                first = first or error
                continue
            self.channels = channels
            if hw is None:
                self._side = h
            return found
        raise first or AssertionError("no size was tried")

    def _channels(self) -> Iterator[int]:
        yield self.channels
        convolution = next((m for m in self.inner.modules() if isinstance(m, nn.Conv2d)), None)
        if convolution is not None and convolution.in_channels != self.channels:
            yield convolution.in_channels

    def _resolve(self, name: str, found: Trace) -> tuple[str, list[int]]:
        """The base name in the trace and which of its calls are meant."""
        calls: dict[str, list[int]] = {}
        for base, k in found.calls:
            calls.setdefault(base, []).append(k)
        plain = name.replace("_orig_mod.", "")
        if not plain:
            raise UnknownName.among("layer", name, [layer.name for layer in found.layers], "`zorki layers` lists them all.")
        for candidate in (plain, plain.removeprefix("module.")):
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
                    raise InputError(f"The layer {name!r} exists but does not run in eval mode.", "", "Choose one that runs: zorki layers.")
        raise UnknownName.among("layer", name, [layer.name for layer in found.layers], "`zorki layers` lists them all.")


def copied(x: Any) -> Any:
    """A tensor that a net may write into, on no one's way back."""
    return x.detach().clone() if isinstance(x, torch.Tensor) else x


def wants_grad(picture: Any) -> bool:
    """Whether any picture in it asks for gradients."""
    if isinstance(picture, list | tuple):
        return any(map(wants_grad, picture))
    return isinstance(picture, torch.Tensor) and picture.requires_grad


def shapes(given: Any) -> Any:
    """The form of what a net was given, to know it again."""
    if isinstance(given, list | tuple):
        return type(given).__name__, [shapes(one) for one in given]
    return tuple(given.shape) if isinstance(given, torch.Tensor) else type(given).__name__


def described(sample: Any) -> str:
    """ "a picture of 3 × 64 × 64"."""
    if isinstance(sample, torch.Tensor):
        return "a picture of " + " × ".join(map(str, sample.shape[1:]))
    return f"a {type(sample).__name__} of {len(sample)}" if isinstance(sample, list | tuple) else f"a {type(sample).__name__}"
