"""Masked prediction at fixed rates and at the uniform one, MLM-U, in an encoder and in a decoder
[N: Devlin et al. 2018; Kitouni et al. 2024, arXiv 2406.05183]."""

from typing import Any

from retrodict.papers import KITOUNI_2024
from retrodict.recipes._recipe import Recipe

_SOURCE = f"{KITOUNI_2024} [N]"
_ENCODER: dict[str, Any] = {"attention": "bidirectional"}


def _encoder(name: str, rate: float | str, said: str) -> Recipe:
    objective = {"kind": "masked", "rate": rate}
    return Recipe(
        name=name,
        title=f"masked prediction in an encoder, {said}",
        source=_SOURCE,
        settings={"objective": objective, "model": _ENCODER},
    )


def _decoder(name: str, rate: float | str, said: str) -> Recipe:
    objective = {"kind": "masked", "rate": rate, "layout": "copy"}
    return Recipe(
        name=name,
        title=f"masked prediction in a decoder, {said}",
        source=f"{_SOURCE}; layout ours [R]",
        settings={"objective": objective},
    )


RECIPES = (
    _encoder("mlm_15", 0.15, "15 % hidden"),
    _encoder("mlm_40", 0.4, "40 % hidden"),
    _encoder("mlm_85", 0.85, "85 % hidden"),
    _encoder("mlm_u", "uniform", "uniform rate"),
    _decoder("mlm_15_decoder", 0.15, "15 % hidden"),
    _decoder("mlm_u_decoder", "uniform", "uniform rate"),
)
