"""No tensor is born of a global default: every factory of torch's says of what type and on which device."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "zorki"
WHOLE = {"arange", "randperm", "randint"}  # of whole numbers where they are asked for these
FACTORIES = WHOLE | {
    "zeros", "ones", "full", "empty", "rand", "randn", "tensor", "as_tensor", "asarray", "linspace", "logspace", "eye", "normal", "scalar_tensor",
    "fftfreq", "rfftfreq", "hann_window", "hamming_window", "blackman_window", "kaiser_window", "tril_indices", "triu_indices",
}  # fmt: skip


def lacking(source: str) -> list[str]:
    """Calls of factories that leave a type or a device to the default."""
    found = []
    for call in ast.walk(ast.parse(source)):
        name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
        if isinstance(call, ast.Call) and name.startswith("torch.") and (short := name.rpartition(".")[2]) in FACTORIES:
            said = {k.arg for k in call.keywords}
            if "device" not in said or ("dtype" not in said and short not in WHOLE):
                found.append(ast.unparse(call))
    return found


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda f: str(f.relative_to(ROOT)))
def test_every_factory_says_type_and_device(file: Path) -> None:
    assert not lacking(file.read_text(encoding="utf-8"))


def test_what_is_looked_for_is_found() -> None:
    wrong = ["torch.zeros(3)", "torch.fft.fftfreq(8, device='cpu')", "torch.arange(3)", "torch.tensor([1.0], dtype=torch.float32)"]
    right = [
        "torch.zeros(3, dtype=torch.float32, device=x.device)",
        "torch.arange(3, device='cpu')",
        "x.new_zeros(3)",
        "torch.zeros_like(x)",
    ]
    assert [len(lacking(one)) for one in (*wrong, *right)] == [1] * len(wrong) + [0] * len(right)
