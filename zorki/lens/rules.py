"""Other ways back through a rectifier than its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from zorki.core.errors import InputError
from zorki.lens.net import Net
from zorki.lens.quieting import inner
from zorki.lens.turns import alone

Rule = Literal["gradient", "deconvnet", "guided", "redirect"]
RULES = ("gradient", "deconvnet", "guided", "redirect")
UNRULED = {"relu", "relu6", "hardtanh", "silu", "gelu", "mish", "hardswish", "elu", "celu", "selu", "leaky_relu", "softplus", "threshold"}

RELUS = {F.relu, torch.relu, torch.Tensor.relu}
RELUS_IN_PLACE = {torch.relu_, torch.Tensor.relu_}
OTHERS = {
    F.silu: "SiLU", F.gelu: "GELU", F.mish: "Mish", F.hardswish: "Hardswish", F.elu: "ELU", F.selu: "SELU", F.celu: "CELU",
    F.leaky_relu: "LeakyReLU", F.prelu: "PReLU", F.rrelu: "RReLU", F.softplus: "Softplus", F.tanh: "Tanh", torch.tanh: "Tanh",
    torch.Tensor.tanh: "Tanh", F.glu: "GLU", F.hardtanh: "Hardtanh", F.softsign: "Softsign",
}  # fmt: skip


@contextmanager
def backward_rule(module: Net | nn.Module, rule: Rule) -> Iterator[None]:
    """Inside `with`, each ReLU and ReLU6 that `module` calls, as a layer or as a function, has this backward rule.

    With x what came in and R the gradient that comes back: gradient R·[x>0]; deconvnet R·[R>0]; guided R·[x>0]·[R>0];
    redirect: per picture of the batch the gradient, but where it is zero all over the layer, R except where x<0 and R>0
    (and x>6 and R<0 for ReLU6). R is the gradient of the loss that falls, so a climb goes back from minus its objective.
    The rule belongs to the forward pass: what ran inside keeps it in a later backward pass. What happens outside of the
    module's own forward is not touched. Other threads wait that want the module too, so nothing is yielded inside.
    Raises InputError for deconvnet and guided when the module has another non-linearity, which no rule is known for.

    Source: Zeiler and Fergus 2013, sec. 2.1; Springenberg et al. 2014, fig. 1; redirect: Lucid, redirected_relu_grad.py.
    Differs: at x = 0 torch's gradient, 0, also for redirect.
    """
    if rule not in RULES:
        raise InputError(f"There is no backward rule {rule!r}.", f"There are {', '.join(RULES)}.", "Take one of these.")
    root = module.inner if isinstance(module, Net) else inner(module)
    if rule in ("deconvnet", "guided"):
        for path, part in root.named_modules():
            if type(part).__name__ in OTHERS.values() and not is_relu6(part):
                raise unknown(rule, f"{type(part).__name__} ({path})")
    with alone(root), other_way(root, rule):
        yield


@contextmanager
def other_way(root: nn.Module, rule: Rule) -> Iterator[None]:
    """What `backward_rule` does, for whoever has the module alone."""
    before = root.__dict__.get("forward")
    plain = getattr(root.forward, "plain", root.forward)  # below an outer rule: the inner one holds

    def ruled(*args: Any, **kwargs: Any) -> Any:
        with Rectifiers(rule):
            return plain(*args, **kwargs)

    vars(ruled)["plain"] = plain
    try:
        root.forward = plain if rule == "gradient" else ruled
        yield
    finally:
        if before is not None:
            root.forward = before
        else:
            root.__dict__.pop("forward", None)


def is_relu6(part: nn.Module) -> bool:
    return isinstance(part, nn.Hardtanh) and part.min_val == 0


def unknown(rule: str, what: str) -> InputError:
    return InputError(f"The net has a {what}.", f"The rule {rule!r} is defined for ReLU only.", "Use the gradient, or a net with ReLUs.")


class Rectifiers(TorchFunctionMode):
    """Puts the rule in place of each rectifier called while it is on, wherever it is called from."""

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in RELUS or func in RELUS_IN_PLACE:
            return self.rectify(func in RELUS_IN_PLACE, None, *args, **kwargs)
        if func is F.relu6:
            return self.rectify(False, 6.0, *args, **kwargs)
        if func is F.hardtanh:
            x, low, high, inplace = (list(args) + [-1.0, 1.0, False][len(args) - 1 :])[:4]
            if kwargs.get("min_val", low) == 0:
                return self.rectify(False, kwargs.get("max_val", high), x, kwargs.get("inplace", inplace))
        if func in OTHERS and self.rule in ("deconvnet", "guided"):
            raise unknown(self.rule, OTHERS[func])
        return func(*args, **kwargs)

    def rectify(self, always: bool, cap: float | None, input: torch.Tensor, inplace: bool = False) -> torch.Tensor:
        out: torch.Tensor = Rectified.apply(input, self.rule, cap)  # type: ignore[no-untyped-call]
        return input.copy_(out) if inplace or always else out


class Rectified(torch.autograd.Function):
    """min(max(x, 0), cap), with another backward rule. Keeps one byte for each number, and not x."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, rule: Rule, cap: float | None) -> torch.Tensor:
        y = x.clamp(0, cap)
        place = x.sign().to(torch.int8)  # -1 below, 1 inside, 2 at the cap, 3 above
        if cap is not None:
            place += (x >= cap).to(torch.int8) + (x > cap).to(torch.int8)
        ctx.save_for_backward(place)
        ctx.rule = rule
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (place,), (back,) = ctx.saved_tensors, gradients
        on = place == 1
        if ctx.rule == "deconvnet":
            return back.clamp(0), None, None
        if ctx.rule == "guided":
            return (back * on).clamp(0), None, None
        plain = back * on
        blocked = ((place < 0) & (back > 0)) | ((place > 2) & (back < 0))
        alive = (plain != 0).flatten(1).any(1) if plain.dim() > 1 else (plain != 0).any()
        alive = alive.view(-1, *[1] * (plain.dim() - 1)) if plain.dim() > 1 else alive
        return torch.where(alive, plain, back.masked_fill(blocked, 0)), None, None


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The names of all operations done inside, however they were called."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.met: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.met.add(func._schema.name.partition("::")[2].rstrip("_"))
        return func(*args, **(kwargs or {}))
