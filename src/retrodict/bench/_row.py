"""One line of the benchmark's result: what was measured, on what, and how it compares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement; None if something does not apply or is not known.

    Attributes:
        section: `step`, `scaling`, `pieces`, `theory` or `figure1`.
        config: what was run, e.g. `2x128 V=80`: layers, width, entity tokens.
        variant: `peer`, `eager`, `compiled`; in the other sections, what is compared.
        device, threads, torch: the processor's or GPU's name, torch's threads and version.
        swept: which setting a scaling row varies.
        n_layer, n_head, d_model, vocab_size, entity_length, dropout, learners: sizes.
        precision: of the matrix products.
        repeats: timings behind the median.
        ms_per_learner_step: median of forward, backward and optimiser, milliseconds.
        ms_range: its least and largest over repeats.
        ms_evaluation_per_learner_epoch: median of one evaluation of all questions.
        ratio_to_peer: peer's time over this one's, median over pairs of the same round.
        ratio_range: its least and largest.
        ratio_with_evaluation: the same for a whole epoch with one evaluation.
        floor_ms: the least time of a learner-step, see `_floor.py`.
        share_of_floor: floor over measured; 1 is the optimum.
        operations, traffic: of a learner-step: floating-point operations, bytes.
        machine_operations, machine_bandwidth: the machine's measured operations and bytes per
            second.
        compile_seconds: how much longer the first epoch took than eager's.
        break_even_steps: population steps after which compiling has paid off; None: never.
        peak_memory_mb: growth of memory in building it and in its first epoch, MB (10⁶ bytes).
        dimension, tokens: of a theory row: d, and the tokens of the vocabulary.
        seconds_ours, seconds_brute_force, ratio: of a theory row; ratio is brute force over ours.
            Of a pieces row: of the way that was kept, and of the other.
        max_difference: between both results of a theory row, largest absolute.
        seconds: of a figure1 row, end to end.
    """

    section: str
    config: str
    variant: str
    device: str
    threads: int
    torch: str
    swept: str | None = None
    n_layer: int | None = None
    n_head: int | None = None
    d_model: int | None = None
    vocab_size: int | None = None
    entity_length: int | None = None
    dropout: float | None = None
    learners: int | None = None
    precision: str | None = None
    repeats: int | None = None
    ms_per_learner_step: float | None = None
    ms_range: tuple[float, float] | None = None
    ms_evaluation_per_learner_epoch: float | None = None
    ratio_to_peer: float | None = None
    ratio_range: tuple[float, float] | None = None
    ratio_with_evaluation: float | None = None
    floor_ms: float | None = None
    share_of_floor: float | None = None
    operations: float | None = None
    traffic: float | None = None
    machine_operations: float | None = None
    machine_bandwidth: float | None = None
    compile_seconds: float | None = None
    break_even_steps: int | None = None
    peak_memory_mb: float | None = None
    dimension: int | None = None
    tokens: int | None = None
    seconds_ours: float | None = None
    seconds_brute_force: float | None = None
    ratio: float | None = None
    max_difference: float | None = None
    seconds: float | None = None

    @property
    def roofline_point(self) -> tuple[float, float] | None:
        """Operations per byte, and achieved operations per second; None if nothing was trained."""
        if not (self.operations and self.traffic and self.ms_per_learner_step):
            return None
        achieved = 1000 * self.operations / self.ms_per_learner_step
        return self.operations / self.traffic, achieved
