"""The relational flow against autograd and small steps, and what it proves of identity sentences.

Four exact statements of docs/identity-theory.md: who is never an input is never known; frozen
embeddings leave identity sentences without effect; the balance of the flow; the transposed answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from retrodict.errors import BadInput
from retrodict.experiment import AdamW
from retrodict.models import Relational, Transformer
from retrodict.theory import RelationalFlow, nll
from retrodict.training._update import update_of

pytestmark = [pytest.mark.bits, pytest.mark.seconds]

TO, BACK, SAME = 0, 1, 2
PAIRS, BOTH, D = 8, 5, 4
M = 2 * PAIRS
A, B = np.arange(PAIRS), np.arange(PAIRS, 2 * PAIRS)
HELD_OUT = B[BOTH:]  # whom `B ← ?` asks about, and who is no input but in `B = B`


def facts(identity_of: Sequence[int] | np.ndarray = ()) -> tuple[np.ndarray, ...]:
    """Entities, relations and targets: A → B of all pairs, B ← A of some, identity sentences."""
    same = np.asarray(identity_of, dtype=int)
    x = np.concatenate([A, B[:BOTH], same])
    r = np.concatenate([0 * A + TO, 0 * A[:BOTH] + BACK, 0 * same + SAME])
    return x, r, np.concatenate([B, A[:BOTH], same])


def start(seed: int = 0, tied: bool = False, sigma: float = 0.5) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = [(M, D), (3, D, D), (M, D)][: 2 if tied else 3]
    return [sigma * rng.standard_normal(shape) for shape in shapes]


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_the_rate_is_minus_autograds_gradient(tied, frozen, decay):
    x, r, y = facts(identity_of=[0, 0, 9])  # one question twice
    flow = RelationalFlow(start(tied=tied), x, r, y, decay, freeze_embeddings=frozen)
    parts = [torch.tensor(part, requires_grad=True) for part in start(tied=tied)]
    u, relation, v = (*parts, parts[0])[:3]
    logits = torch.einsum("nd,nde,me->nm", u[x], relation[r], v)
    trained = [relation] if frozen else parts
    loss = F.cross_entropy(logits, torch.from_numpy(y))
    loss = loss + decay / 2 * sum(part.square().sum() for part in trained)
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(loss, trained)])
    np.testing.assert_allclose(-flow.rate(flow.start), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("identity_of", [[], [*A, *B]], ids=["without", "with identity"])
def test_small_steps_of_gradient_descent_follow_the_flow(identity_of):
    flow = RelationalFlow(start(), *facts(identity_of), weight_decay=0.01)
    asked, time = flow.questions(B, 0 * B + BACK), 20.0

    def stepped(lr: float) -> np.ndarray:
        *_, (_, state) = flow.descend(lr, [None] * round(time / lr))
        return flow.logits(state, asked)

    ((_, exact),) = flow.follow([time], asked, rtol=1e-9, atol=1e-11)
    errors = [abs(stepped(lr) - exact).max() for lr in (0.1, 0.05, 0.025)]
    assert errors[-1] < 0.03
    for coarse, fine in pairwise(errors):
        assert coarse / fine == pytest.approx(2, rel=0.2)  # Euler's error is of first order


@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_imbalance_of_u_and_r_decays_at_twice_the_rate(decay):
    flow = RelationalFlow(start(), *facts([*A, *B]), weight_decay=decay)

    def imbalance(state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u, r, v = flow.weights(state)
        return u.T @ u - sum(m @ m.T for m in r), v.T @ v - sum(m.T @ m for m in r)

    first = imbalance(flow.start)
    for t, _, state in flow.follow_states([1.0, 30.0], rtol=1e-9, atol=1e-11):
        for found, at_start in zip(imbalance(state), first, strict=True):
            np.testing.assert_allclose(found, np.exp(-2 * decay * t) * at_start, atol=1e-7)


# ---- who is never an input is never known ----


def swapped(rows: np.ndarray) -> np.ndarray:
    """Exchange the rows of the first two entities that the held-out questions start with."""
    found = rows.copy()
    found[HELD_OUT[[0, 1]]] = rows[HELD_OUT[[1, 0]]]
    return found


def test_entities_that_are_no_input_could_be_exchanged_bit_for_bit():
    """So their answers are draws of one law: one of n can be expected to be right."""
    u, r, v = start()
    everyone_else = np.setdiff1d(np.r_[A, B], HELD_OUT)
    ends = []
    for rows in (u, swapped(u)):
        flow = RelationalFlow([rows, r, v], *facts(everyone_else), weight_decay=0.01)
        *_, (_, state) = flow.descend(0.5, [None] * 200, momentum=0.9)
        ends.append((flow.weights(state), flow.logits(state, flow.questions(HELD_OUT, [BACK] * 3))))
    (one, answers), (other, answers_swapped) = ends
    np.testing.assert_array_equal(swapped(one[0]), other[0])
    for mine, theirs in zip(one[1:], other[1:], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(answers[[1, 0, 2]], answers_swapped)
    # not so with identity sentences of the exchanged entities: they are told apart
    flow = RelationalFlow([swapped(u), r, v], *facts([*A, *B]), weight_decay=0.01)
    *_, (_, state) = flow.descend(0.5, [None] * 200, momentum=0.9)
    assert not np.array_equal(flow.weights(state)[1], other[1])


def test_in_a_transformer_too_entities_that_are_no_input_could_be_exchanged():
    config = Transformer(n_layer=2, n_head=2, d_model=16, dropout=0.0)
    x, r, y = facts()
    tokens = torch.from_numpy(np.stack([x, M + r], axis=1))[None]
    questions = torch.from_numpy(np.stack([HELD_OUT, [M + BACK] * 3], axis=1))[None]

    def trained(exchange: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        population = config.build(M + 3, 2, [0])
        if exchange:
            with torch.no_grad():
                rows = population.token_embedding[0]
                rows.copy_(torch.from_numpy(swapped(rows.numpy())))
        update = update_of(AdamW(lr=0.01, weight_decay=0.1), population.flat)
        for _ in range(20):
            logits = population(tokens, 1)[0, :, 0]
            population.backward(F.cross_entropy(logits, torch.from_numpy(y)))
            update.begin(slice(None))
            update.apply_all(population.flat_grad)
        with torch.no_grad():
            return population(questions, 1)[0, :, 0], dict(population.named_parameters())

    (answers, one), (answers_swapped, other) = trained(False), trained(True)
    for name, mine in one.items():
        rows = mine.detach().numpy()
        expected = swapped(rows[0])[None] if name == "token_embedding" else rows
        np.testing.assert_array_equal(expected, other[name].detach().numpy())
    # a row's place in a batch may alter the last bits of a product
    torch.testing.assert_close(answers[[1, 0, 2]], answers_swapped, rtol=1e-5, atol=1e-6)


def test_without_its_identity_sentence_an_entity_decays_to_no_answer():
    flow = RelationalFlow(start(), *facts(np.r_[A, B[:BOTH]]), weight_decay=0.05)
    asked = flow.questions(HELD_OUT, [BACK] * 3)
    for t, _, state in flow.follow_states([0.0, 10.0, 400.0], rtol=1e-9, atol=1e-12):
        u = flow.weights(state)[0]
        np.testing.assert_allclose(u[HELD_OUT], np.exp(-0.05 * t) * start()[0][HELD_OUT], atol=1e-8)
    np.testing.assert_allclose(nll(flow.logits(state, asked)), np.log(M), atol=1e-6)


# ---- frozen embeddings ----

Optimise = Callable[[RelationalFlow, float, float], np.ndarray]


def by_sgd(flow: RelationalFlow, share: float, decay: float) -> np.ndarray:
    """Momentum SGD with the rate divided, and the decay multiplied, by the share."""
    flow.weight_decay = decay * share
    *_, (_, state) = flow.descend(0.5 / share, [None] * 300, momentum=0.9)
    return state


def by_adamw(flow: RelationalFlow, share: float, decay: float) -> np.ndarray:
    """AdamW, whose ε alone can tell a gradient from its multiple; here ε is multiplied too."""
    state = torch.tensor(flow.start, requires_grad=True)
    optimizer = torch.optim.AdamW([state], lr=0.01, eps=1e-3 * share, weight_decay=decay)
    for _ in range(300):
        at = state.detach().numpy()
        state.grad = -torch.from_numpy(flow.pull(at, flow.error(at)[0]))
        optimizer.step()
    return state.detach().numpy()


@pytest.mark.parametrize("optimise", [by_sgd, by_adamw])
def test_frozen_embeddings_leave_identity_sentences_without_effect_bit_for_bit(optimise: Optimise):
    """As many identity sentences as others halve the others' gradient, which is exact in binary."""
    x, _, _ = facts()
    identity = np.resize(np.r_[A, B], len(x))
    ends = {}
    for name, data, share in (("without", facts(), 1.0), ("with", facts(identity), 0.5)):
        flow = RelationalFlow(start(), *data, freeze_embeddings=True)
        ends[name] = flow.weights(optimise(flow, share, 0.01))[1]
    np.testing.assert_array_equal(ends["with"][[TO, BACK]], ends["without"][[TO, BACK]])
    assert not np.allclose(ends["with"][SAME], ends["without"][SAME])


def test_frozen_embeddings_make_identity_sentences_slow_the_flow_down_and_nothing_else():
    decay, times = 0.02, np.array([1.0, 10.0, 100.0])
    without, given = facts(), facts([*A, *B])
    share = len(without[0]) / len(given[0])
    options = {"rtol": 1e-9, "atol": 1e-11}
    plain = RelationalFlow(start(), *without, weight_decay=decay, freeze_embeddings=True)
    slowed = RelationalFlow(start(), *given, weight_decay=share * decay, freeze_embeddings=True)
    asked = plain.questions(HELD_OUT, [BACK] * 3)
    for (_, one), (_, other) in zip(
        plain.follow(times, asked, **options),
        slowed.follow(times / share, asked, **options),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, atol=1e-7)


def test_the_held_out_answers_do_change_where_embeddings_are_trained():
    """The control of the two tests above."""
    answers = []
    for identity in ([], [*A, *B]):
        flow = RelationalFlow(start(), *facts(identity))
        answers += [z for _, z in flow.follow([30.0], flow.questions(HELD_OUT, [BACK] * 3))]
    assert abs(answers[0] - answers[1]).max() > 0.1


# ---- the transposed answer ----


def test_where_u_is_an_isometric_image_of_v_the_transposed_matrix_asks_backward():
    """With u = c v Sᵀ and SᵀS = s² I, a after (b, S Tᵀ S) has s² the logit of b after (a, T).

    S and T are the matrices of = and →.
    """
    rng = np.random.default_rng(3)
    s, c = 1.7, 0.6
    v, to = rng.standard_normal((M, D)), rng.standard_normal((D, D))
    same = s * np.linalg.qr(rng.standard_normal((D, D)))[0]
    u = c * v @ same.T
    forward = RelationalFlow([u, np.stack([to, same @ to.T @ same]), v], *facts())
    tokens = np.arange(M)
    z = forward.logits(forward.start, forward.questions(tokens, 0 * tokens))
    back = forward.logits(forward.start, forward.questions(tokens, 0 * tokens + 1))
    np.testing.assert_allclose(back, s**2 * z.T, rtol=1e-9)


@pytest.mark.slow
def test_the_flow_answers_held_out_questions_only_with_identity_sentences_and_decay():
    """n = 30 pairs, 21 both ways, d = 16, λ = 0.0003, λt = 6, three seeds."""
    pairs, taught = 30, 21
    a, b = np.arange(pairs), pairs + np.arange(pairs)
    everyone = np.r_[a, b]
    right = {}
    for identity, decay in ((True, 3e-4), (False, 3e-4), (True, 0.0)):
        found = []
        for seed in range(3):
            u, r, v = Relational(d=16).weights(2 * pairs, seed)
            x = np.concatenate([a, b[:taught], everyone if identity else []]).astype(int)
            y = np.concatenate([b, a[:taught], everyone if identity else []]).astype(int)
            kind = np.repeat([TO, BACK, SAME], [pairs, taught, len(x) - pairs - taught])
            flow = RelationalFlow([u, r[:3], v], x, kind, y, decay)
            asked = flow.questions(b[taught:], [BACK] * (pairs - taught))
            ((_, z),) = flow.follow([2e4], asked)
            found.append((z.argmax(1) == a[taught:]).mean())
        right[identity, decay] = np.mean(found)
    assert right[True, 3e-4] > 0.5
    assert right[False, 3e-4] == 0
    assert right[True, 0.0] < 0.2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": start()[:1]}, r"weights: \(u, R, v\), or \(u, R\) if tied; got 1 arrays"),
        ({"weights": [*start()[:2], np.ones((M, D + 1))]}, r"weights v: shape .* must be 16 × 4"),
        ({"weights": [start()[0], np.ones((3, D, D + 1))]}, r"weights R: .* must be any × 4 × 4"),
        ({"entities": [M]}, r"entity 16 is outside the vocabulary; tokens are 0 to 15"),
        ({"relations": [3]}, r"relation 3 is outside the vocabulary; tokens are 0 to 2"),
        ({"relations": [0, 1]}, r"entities and relations: shapes \(1,\) and \(2,\)"),
        ({"targets": [M]}, r"target 16 is outside"),
        ({"weight_decay": -1.0}, r"weight_decay: -1.0 must be"),
    ],
)
def test_a_system_that_does_not_fit_is_refused(change, says):
    good = {"weights": start(), "entities": [0], "relations": [0], "targets": [1]}
    with pytest.raises(BadInput, match=says):
        RelationalFlow(**{**good, **change})
