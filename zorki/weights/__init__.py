"""Trained networks: for each a card (`NAME.toml`) and its numbers (`NAME.safetensors`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.weights.building import built as built
    from zorki.weights.cards import DEFAULT as DEFAULT
    from zorki.weights.cards import NAMERS as NAMERS
    from zorki.weights.cards import RUN_CARD as RUN_CARD
    from zorki.weights.cards import Card as Card
    from zorki.weights.cards import card as card
    from zorki.weights.cards import installed as installed
    from zorki.weights.cards import names as names
    from zorki.weights.exported import read_network as read_network
    from zorki.weights.getting import get as get
    from zorki.weights.loading import card_of as card_of
    from zorki.weights.loading import load as load
    from zorki.weights.loading import load_run as load_run

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Card": "cards",
        "DEFAULT": "cards",
        "NAMERS": "cards",
        "RUN_CARD": "cards",
        "built": "building",
        "card": "cards",
        "card_of": "loading",
        "get": "getting",
        "installed": "cards",
        "load": "loading",
        "load_run": "loading",
        "names": "cards",
        "read_network": "exported",
    },
)
