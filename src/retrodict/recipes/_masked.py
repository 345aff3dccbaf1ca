"""Masked prediction at fixed rates and at the uniform one, MLM-U, in an encoder and in a decoder
[N: Devlin et al. 2018; Kitouni et al. 2024, arXiv 2406.05183]."""

from typing import Any

from retrodict.papers import KITOUNI_2024
from retrodict.recipes._recipe import Recipe


def _masked(name: str, rate: float | str, said: str) -> Recipe:
    decoder = name.endswith("_decoder")
    model: dict[str, Any] = {} if decoder else {"model": {"attention": "bidirectional"}}
    layout: dict[str, Any] = {"layout": "copy"} if decoder else {}
    return Recipe(
        name=name,
        title=f"masked prediction in {'a decoder' if decoder else 'an encoder'}, {said}",
        source=f"{KITOUNI_2024} [N]{'; layout ours [R]' if decoder else ''}",
        settings={"objective": {"kind": "masked", "rate": rate, **layout}, **model},
    )


RECIPES = (
    _masked("mlm_15", 0.15, "15 % hidden"),
    _masked("mlm_40", 0.4, "40 % hidden"),
    _masked("mlm_85", 0.85, "85 % hidden"),
    _masked("mlm_u", "uniform", "uniform rate"),
    _masked("mlm_15_decoder", 0.15, "15 % hidden"),
    _masked("mlm_u_decoder", "uniform", "uniform rate"),
)
