"""Gram coordinates against parameter space, the flow against brute force, cost against d."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from retrodict.errors import BadInput, CannotFinish
from retrodict.theory import GramFlow, ParameterFlow, nll, row_nll, separate, wishart_root

pytestmark = pytest.mark.seconds

PARAMETRISATIONS = ("full", "symmetric", "factorised", "tied")


def paper_pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.arange(n)
    return np.r_[x, x[1:] + n], np.r_[x + n, x[1:]]


def systems(parametrisation: str, seed: int, decay: float = 0.0, sigma: float = 1.0):
    """Both coordinate systems of one random model, with duplicates and conflicting targets."""
    rng = np.random.default_rng(seed)
    m, d, rank = int(rng.integers(4, 16)), int(rng.integers(1, 12)), int(rng.integers(1, 6))
    sentences = int(rng.integers(1, 12))
    inputs, targets = rng.integers(0, m, sentences), rng.integers(0, m, sentences)
    embeddings = rng.standard_normal((m, d)) / np.sqrt(d)
    factors = {"factorised": 2, "tied": 1}.get(parametrisation, 0)
    shapes = [(d, rank)] * factors or [(d, d)]
    weights = [sigma * rng.standard_normal(shape) for shape in shapes]
    arguments = (embeddings, inputs, targets, weights, parametrisation, decay)
    return ParameterFlow(*arguments), GramFlow.from_embeddings(*arguments)


@settings(deadline=None)
@given(
    parametrisation=st.sampled_from(PARAMETRISATIONS),
    seed=st.integers(0, 10**6),
    decay=st.sampled_from([0.0, 0.1]),
    momentum=st.sampled_from([0.0, 0.9]),
)
def test_gram_sgd_is_parameter_sgd(parametrisation, seed, decay, momentum):
    parameters, gram = systems(parametrisation, seed, decay, sigma=0.5)
    rng = np.random.default_rng(seed)
    sentences = len(parameters.inputs)
    batches = [None, *(rng.integers(0, sentences, rng.integers(1, 4)) for _ in range(20))]
    tokens = np.arange(parameters.m)
    paths = (system.descend(0.1, batches, momentum) for system in (parameters, gram))
    for (loss_a, a), (loss_b, b) in zip(*paths, strict=True):
        expected = parameters.logits(a, tokens)
        # rounding grows with the logits; both sides make the same ~20 products a step
        np.testing.assert_allclose(
            gram.logits(b, tokens), expected, rtol=1e-10, atol=1e-12 * (1 + abs(expected).max())
        )
        assert loss_b == pytest.approx(loss_a, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS)
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_the_gram_flow_is_the_parameter_flow_of_an_ode_solver(parametrisation, decay):
    parameters, gram = systems(parametrisation, 5, decay, sigma=0.5)
    times, tokens = [0.3, 2.0, 20.0], np.arange(parameters.m)
    brute = solve_ivp(
        lambda t, y: parameters.rate(y),
        (0, times[-1]),
        parameters.start,
        t_eval=times,
        method="DOP853",
        rtol=1e-12,
        atol=1e-12,
    )
    found = dict(gram.follow(times, tokens, rtol=1e-10, atol=1e-12))
    for y, t in zip(brute.y.T, found, strict=True):
        np.testing.assert_allclose(found[t], parameters.logits(y, tokens), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS)
def test_the_rate_is_minus_the_gradient_of_the_loss(parametrisation):
    parameters, _ = systems(parametrisation, 8)
    state, step = parameters.start, 1e-6

    def loss(at: np.ndarray) -> float:
        return parameters.loss_of(parameters.logits(at, parameters.rows))

    numeric = [
        (loss(state - step * unit) - loss(state + step * unit)) / (2 * step)
        for unit in np.eye(len(state))
    ]
    np.testing.assert_allclose(parameters.rate(state), numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("parametrisation", ["full", "symmetric"])
def test_the_jacobian_is_the_derivative_of_the_rate(parametrisation):
    parameters, _ = systems(parametrisation, 3, decay=0.1)
    state, step = parameters.start, 1e-6
    numeric = np.stack(
        [
            (parameters.rate(state + step * unit) - parameters.rate(state - step * unit)) / step / 2
            for unit in np.eye(len(state))
        ],
        axis=1,
    )
    np.testing.assert_allclose(parameters.jacobian(state), numeric, atol=1e-8)


def test_a_stiff_flow_continues_implicitly_and_agrees():
    """d = 10 cannot hold 39 facts: the loss has a finite minimum, where the flow is stiff."""
    inputs, targets = paper_pairs(20)
    embeddings = np.random.default_rng(1).standard_normal((100, 10)) / np.sqrt(10)
    gram = GramFlow.from_embeddings(embeddings, inputs, targets)
    parameters = ParameterFlow(embeddings, inputs, targets)
    ((_, found),) = gram.follow([1e6])
    ((_, brute),) = parameters.follow([1e6], method="BDF", rtol=1e-8)
    assert gram.loss_of(found) == pytest.approx(parameters.loss_of(brute), rel=1e-5)
    assert gram.loss_of(found) > 1
    assert isinstance(gram.implicit(gram.start), ParameterFlow)


def test_orthonormal_tokens_follow_the_closed_form():
    flow = GramFlow(None, [0, 1, 2], [3, 4, 0], m=50)
    identity = GramFlow(np.eye(50), [0, 1, 2], [3, 4, 0])
    for t in (1.0, 30.0, 3000.0):
        ((_, a),) = flow.follow([t], rtol=1e-9, atol=1e-11)
        ((_, b),) = identity.follow([t], rtol=1e-9, atol=1e-11)
        assert flow.loss_of(a) == pytest.approx(row_nll(t / 3, 50), rel=1e-6)
        np.testing.assert_allclose(a, b, atol=1e-9)


@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS)
def test_the_identity_needs_no_gram_matrix(parametrisation):
    rng = np.random.default_rng(0)
    factors = [
        rng.standard_normal((9, 3))
        for _ in range({"factorised": 2, "tied": 1}.get(parametrisation, 0))
    ]
    start = rng.standard_normal((9, 9)) if not factors else None
    arguments = {"factors": factors, "start_logits": start, "parametrisation": parametrisation}
    implied = GramFlow(None, [0, 1, 0, 4], [3, 4, 8, 0], m=9, **arguments)
    explicit = GramFlow(np.eye(9), [0, 1, 0, 4], [3, 4, 8, 0], **arguments)
    tokens = np.array([8, 0, 4])
    for (_, a), (_, b) in zip(
        implied.descend(0.3, [None] * 9), explicit.descend(0.3, [None] * 9), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-12)
        np.testing.assert_allclose(
            implied.logits(a, tokens), explicit.logits(b, tokens), atol=1e-12
        )


def test_what_is_yielded_between_times_are_the_solvers_steps():
    flow = GramFlow.draw(200, 20, *paper_pairs(5), seed=0)
    asked = [0.0, 0.0, 1.5, 40.0, 40.0]
    plain = [t for t, _ in flow.follow(asked)]
    np.testing.assert_allclose(plain, asked, rtol=1e-12)
    every = [t for t, _ in flow.follow(asked, every_step=True)]
    assert every == sorted(every)
    assert len(every) > len(asked)
    assert {round(t, 9) for t in plain} <= {round(t, 9) for t in every}


def test_wishart_draws_have_the_law_of_gram_matrices():
    m, draws = 4, 4000
    for d in (3, 6):  # below and above m: embeddings themselves, and Bartlett
        rng = np.random.default_rng(0)
        roots = [wishart_root(d, m, rng) for _ in range(draws)]
        drawn = np.stack([r @ r.T for r in roots])
        # E G = I, var G_ij = (1 + [i = j]) / d; 4000 draws: sd of the mean 0.013 at d = 3
        np.testing.assert_allclose(drawn.mean(axis=0), np.eye(m), atol=0.06)
        variance = (np.ones((m, m)) + np.eye(m)) / d
        np.testing.assert_allclose(drawn.var(axis=0), variance, rtol=0.2)


def test_the_start_drawn_in_law_has_the_right_spread():
    drawn = [
        GramFlow.draw(500, 6, [0], [1], sigma=0.3, seed=seed).start_logits for seed in range(400)
    ]
    # var (eᵀ Θ₀ e') = σ² |e|² |e'|², about σ²; 400 draws of 36 entries: 1 % and the norms' spread
    assert np.std(drawn) == pytest.approx(0.3, rel=0.03)


def test_a_million_dimensions_cost_no_more_than_fifty():
    sizes = {d: GramFlow.draw(d, 100, *paper_pairs(20)).start.size for d in (50, 10**7)}
    assert sizes[50] == sizes[10**7] == 39 * 100 + 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (((None, [0], [9]), {"m": 9}), r"target 9 is outside the vocabulary; tokens are 0 to 8"),
        (((None, [-1], [0]), {"m": 9}), r"input -1 is outside"),
        (((None, [0, 1], [0]), {"m": 9}), r"inputs and targets: shapes \(2,\) and \(1,\)"),
        (((None, [], []), {"m": 9}), r"at least one sentence"),
        (((None, [0], [1]), {}), r"give m, the number of tokens"),
        (((None, [0], [1]), {"m": 9, "parametrisation": "tied"}), r"takes 1, got 0"),
        (((None, [0], [1]), {"m": 9, "weight_decay": -1.0}), r"weight_decay: -1.0"),
    ],
)
def test_a_system_that_does_not_fit_is_refused(arguments, says):
    with pytest.raises(BadInput, match=says):
        GramFlow(*arguments[0], **arguments[1])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sigma": float("nan")}, r"sigma: nan must be finite"),
        ({"sigma": float("inf")}, r"sigma: inf must be finite"),
        ({"parametrisation": "tied"}, r"parametrisation tied needs it above 0"),
    ],
)
def test_a_draw_that_does_not_fit_is_refused(options, says):
    with pytest.raises(BadInput, match=says):
        GramFlow.draw(10, 10, [0], [1], **options)
    with pytest.raises(BadInput, match=r"d at least 1"):
        GramFlow.draw(0, 10, [0], [1])


@pytest.mark.parametrize(
    ("times", "says"),
    [
        ([-1.0], r"-1 is negative; times start at 0"),
        ([float("nan")], r"given and finite"),
        ([], r"given and finite"),
        ([2.0, 1.0], r"must not decrease"),
    ],
)
def test_times_that_make_no_sense_are_refused(times, says):
    flow = GramFlow(None, [0], [1], m=5)
    with pytest.raises(BadInput, match=says):
        list(flow.follow(times))
    with pytest.raises(BadInput, match=r"'Euler' is not known; choose from auto, RK45"):
        list(flow.follow([1.0], method="Euler"))


def test_nll_of_huge_logits_is_finite():
    np.testing.assert_allclose(nll(np.array([1e4, 0.0])), [0.0, 1e4])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: GramFlow(np.full((3, 3), np.nan), [0], [1]), r"gram: has entries"),
        (lambda: GramFlow(np.eye(3), [0], [1], m=4), r"m: 4 does not fit"),
        (lambda: GramFlow(None, [0], [1], m=3, start_logits=np.eye(2)), r"must be 3 × 3"),
        (lambda: GramFlow.draw(10, 10, [0], [1], rank=0), r"rank: 0 must be at least 1"),
        (lambda: ParameterFlow(np.eye(3), [0], [1], [np.ones((3, 2))]), r"must be 3 × 3"),
        (lambda: list(GramFlow(None, [0], [1], m=3).follow([1.0], np.array([3]))), r"token 3 is"),
        (lambda: separate(GramFlow(None, [0], [1], m=3), (0, 7)), r"question: \(0, 7\) is outside"),
        (lambda: separate(GramFlow(None, [0], [1], m=3), (0, 1), until=0.0), r"until: 0 must be"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(make, says):
    with pytest.raises(BadInput, match=says):
        make()


def test_a_flow_that_would_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr("retrodict.theory._dynamics._MOST_STEPS", 5)
    with pytest.raises(CannotFinish, match=r"too stiff to follow past t = .* earlier times"):
        list(GramFlow.draw(200, 20, *paper_pairs(5)).follow([1e8]))


def test_one_time_may_be_a_number():
    flow = GramFlow(None, [0], [1], m=5)
    assert [t for t, _ in flow.follow(2.0)] == pytest.approx([2.0])


@pytest.mark.parametrize("parametrisation", ["factorised", "tied"])
def test_factors_of_any_rank_are_drawn_in_law_at_the_same_cost(parametrisation):
    """Their products' second moments do not depend on how the columns were drawn."""
    m, d, sigma = 4, 300, 0.2
    drawn = [
        GramFlow.draw(d, m, [0], [1], sigma=sigma, parametrisation=parametrisation, seed=seed)
        for seed in range(600)
    ]
    assert drawn[0].factors[0].shape[1] <= 2 * m
    logits = np.stack([flow.logits(flow.start, np.arange(m)) for flow in drawn])
    off = logits[:, ~np.eye(m, dtype=bool)]
    # 600 draws of 12 entries with spread σ (tied: off the diagonal, plus the Gram's own spread)
    expected = sigma if parametrisation == "factorised" else None
    if expected:
        assert off.std() == pytest.approx(expected, rel=0.06)
    rng = np.random.default_rng(0)
    std = np.sqrt(sigma / np.sqrt(d))
    brute = []
    for _ in range(600):
        e = rng.standard_normal((m, d)) / np.sqrt(d)
        u = e @ (std * rng.standard_normal((d, d)))
        v = e @ (std * rng.standard_normal((d, d))) if parametrisation == "factorised" else u
        brute.append((u @ v.T)[~np.eye(m, dtype=bool)])
    assert off.std() == pytest.approx(np.std(brute), rel=0.08)
