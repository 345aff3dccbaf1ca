"""Updates against torch.optim, bit for bit, however the parameters are divided."""

from __future__ import annotations

import pytest
import torch

from retrodict.experiment import SGD, AdamW
from retrodict.training._update import update_of

CONFIGS = {
    "adamw": AdamW(lr=0.01, betas=(0.9, 0.98), weight_decay=0.1),
    "sgd": SGD(lr=0.1, weight_decay=0.01),
    "momentum": SGD(lr=0.1, momentum=0.9),
}


def of_torch(config, parameter):
    if isinstance(config, AdamW):
        options = {"betas": config.betas, "eps": config.eps}
        kind = torch.optim.AdamW
    else:
        options, kind = {"momentum": config.momentum}, torch.optim.SGD
    return kind([parameter], lr=config.lr, weight_decay=config.weight_decay, fused=True, **options)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("threads", [1, 2])
def test_updates_are_those_of_torch_optim(config, dtype, threads):
    torch.set_num_threads(threads)
    random = torch.Generator().manual_seed(0)
    start = torch.randn(3, 100_000, generator=random, dtype=dtype)
    gradients = [torch.randn(3, 100_000, generator=random, dtype=dtype) for _ in range(4)]
    reference = [row.clone() for row in start]
    optimizers = [of_torch(config, row) for row in reference]
    together, divided = start.clone(), start.clone()
    all_at_once, in_parts = update_of(config, together), update_of(config, divided)
    for gradient in gradients:
        for row, optimizer, part in zip(reference, optimizers, gradient, strict=True):
            row.grad = part.clone()
            optimizer.step()
        all_at_once.begin(slice(None))
        all_at_once.apply_all(gradient)
        for s in (2, 0, 1):
            in_parts.begin(slice(s, s + 1))
            for span in (slice(48_000, 100_000), slice(0, 16), slice(16, 48_000)):
                in_parts.apply(s, span, gradient[s, span])
    assert torch.equal(together, torch.stack(reference))
    assert torch.equal(divided, together)
