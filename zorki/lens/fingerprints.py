"""Which network this is, by its numbers."""

from __future__ import annotations

import hashlib

import torch

from zorki.lens.net import Net


def fingerprint(net: Net) -> str:
    """Of all numbers of a net and of its parts: another net, another fingerprint."""
    digest = hashlib.blake2b(repr((str(net.inner), net.mean, net.std)).encode(), digest_size=16)
    for name, x in (*net.inner.named_parameters(), *net.inner.named_buffers()):
        digest.update(f"{name} {x.dtype} {tuple(x.shape)}".encode())
        digest.update(x.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
