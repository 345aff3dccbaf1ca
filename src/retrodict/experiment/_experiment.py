"""An Experiment: everything that decides the outcome of a training run, as data.

Reads and writes YAML, takes overrides like `task.vocab_size=200`, and names its run by a hash of
all that can alter a bit of the result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError, model_validator
from ruamel.yaml.nodes import Node

from retrodict.config import FrozenConfig
from retrodict.data import Data
from retrodict.errors import BadInput
from retrodict.experiment._compatibility import NO_TF32, require_fit
from retrodict.experiment._empty_sections import load_sections
from retrodict.experiment._explain import line_of, one_line
from retrodict.experiment._identity import RESULTS_VERSION, _sha256, _without_later_defaults
from retrodict.experiment._overrides import apply, flow
from retrodict.experiment._placing import COMPILE_STEPS, _resolve_device
from retrodict.experiment._sections import AdamW, Optimizer, Record, Training
from retrodict.experiment._yaml import read_text
from retrodict.limits import core_count, core_limit
from retrodict.models import SMALL, WIDE, Model, ModelConfig, Transformer, model_named
from retrodict.objectives import Examples, NextToken, Objective, prepared
from retrodict.recipes import expanded
from retrodict.tasks import Corpus, Task

HEADER = "# retrodict experiment, format "
"""How the experiment.yaml of a run begins: to YAML it is a comment."""


MOST_CORES = 256
"""Runs whose names have the threads in them are looked for under as many numbers."""


class Experiment(FrozenConfig):
    """One experiment, all of it. What is left out takes the paper's default.

    In YAML, `recipe: NAME` stands for the settings of a recipe (see `retrodict.recipes`), on top
    of which the file's own come.

    >>> experiment = Experiment(task={"kind": "reversal", "vocab_size": 200})
    >>> experiment.model.n_layer, experiment.training.epochs
    (24, 3000)
    """

    task: Task
    data: Data = Data()
    model: Model = Transformer()
    objective: Objective = NextToken()
    optimizer: Optimizer = AdamW()
    training: Training = Training()
    record: Record = Record()

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_its_model(cls, data: Any) -> Any:
        """Let `optimizer: {lr: 0.1}` mean the default kind; a task must say its own.

        The paper trains its transformers with AdamW in batches of 64, follows the bilinear model
        by gradient flow (here: SGD on all sentences), the one-layer model by SGD with batch 1. The
        relational model is ours: AdamW on all sentences.
        """
        if not isinstance(data, dict):
            return data
        data = expanded(data)
        if isinstance(objective := data.get("objective", {}), dict):
            data = {**data, "objective": {"kind": "next_token", **objective}}
        model = data.get("model", {})
        if isinstance(model, dict):
            model = {"kind": "transformer", **model}
            data = {**data, "model": model}
        usual = model_named(model["kind"]) if isinstance(model, dict) else type(model)
        if usual is None or not issubclass(usual, ModelConfig):
            return data
        optimizer, training = data.get("optimizer", {}), data.get("training", {})
        if isinstance(optimizer, dict):
            data = {**data, "optimizer": {"kind": usual.optimizer, **optimizer}}
        if isinstance(training, dict):
            data = {**data, "training": {"batch_size": usual.batch_size, **training}}
        return data

    @model_validator(mode="after")
    def _parts_fit(self) -> Experiment:
        require_fit(self)
        return self

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
        """Read an experiment from a YAML file.

        Args:
            path: the file.
            overrides: changes on top of it, e.g. `"task.vocab_size=200"`.

        Raises:
            BadInput: the file cannot be read, is no experiment, or an override does not fit; the
                message names file, line and the nearest valid choice.
        """
        return cls.from_file(read_text(path), overrides, where=str(path))

    @classmethod
    def from_file(cls, text: str, overrides: Iterable[str], where: str) -> Experiment:
        """Read the text of a file, as `from_yaml` does.

        A run's own file says the threads of the first machine that trained it. Where they alter no
        bit, another machine takes as many as it has.
        """
        overrides = list(overrides)
        read = cls.from_text(text, overrides, where)
        asked = any("threads" in override for override in overrides)
        return read.anywhere() if text.startswith(HEADER) and not asked else read

    @classmethod
    def from_text(
        cls, text: str, overrides: Iterable[str] = (), where: str = "experiment"
    ) -> Experiment:
        """Read an experiment from YAML text; `where` names it in errors, as `from_yaml` does."""
        data, tree = load_sections(text, where, cls)
        return cls._with(data, tree, list(overrides), where)

    @classmethod
    def _with(
        cls, data: dict[str, Any], tree: Node | None, overrides: list[str], where: str
    ) -> Experiment:
        """Put changes on plain data and check it; raises BadInput."""
        for override in overrides:
            apply(data, override)
        if data.pop("grid", None) is not None:
            raise BadInput(
                f"{where}{line_of(tree, ['grid'])}: grid: this is a grid of experiments and not "
                "one; 'retrodict run' runs it, retrodict.Grid.from_yaml reads it"
            )
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise BadInput(one_line(error, cls, data, tree, where, overrides)) from None

    def to_yaml(self) -> str:
        """Write the experiment in full, defaults included."""
        lines = []
        for name, part in _without_later_defaults(self.model_dump(mode="json")).items():
            body = ", ".join(f"{key}: {flow(value)}" for key, value in part.items())
            lines.append(f"{name + ':':<11}{{{body}}}")
        return "\n".join(lines) + "\n"

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting by the name that overrides use.

        >>> Experiment(task={"kind": "chain"}).settings["task.vocab_size"]
        800
        """
        return {
            f"{section}.{key}": value
            for section, part in _without_later_defaults(self.model_dump(mode="json")).items()
            for key, value in part.items()
        }

    def with_overrides(self, *overrides: str) -> Experiment:
        """Return a copy with changes like `"task.vocab_size=200"`.

        Raises:
            BadInput: an override does not fit.
        """
        data = _without_later_defaults(self.model_dump(mode="json"))
        return self._with(data, None, list(overrides), where="override")

    def corpus(self, seed: int) -> Corpus:
        """Draw the corpus of a seed: the task's, with what `data` adds and `objective` needs."""
        return _corpus(self.task, self.data, self.objective, seed)

    def examples(self, corpus: Corpus) -> Examples:
        """Lay out a corpus for training; where examples are drawn anew, as one epoch may be."""
        return self.objective.examples(corpus, _any_draw())

    def resolved(self, fewer: bool = False) -> Experiment:
        """Fill in what this machine decides: device, threads, and the snapshots that will happen.

        Args:
            fewer: whether fewer threads do where cores are fewer, unless that can alter a bit.

        Raises:
            BadInput: a device that is not there, or more threads than cores.
        """
        count, asked = core_count(), self.training.threads
        threads = count if asked == "auto" else asked
        placed = self.placed_on(_resolve_device(self.training.device), threads)
        if threads <= count:
            return placed
        if fewer and not placed.threads_matter:
            return self.placed_on(placed.training.device, count)
        limit = core_limit()
        cores = "1 core there is" if count == 1 else f"{count} cores there are"
        here = "" if limit == "machine" else f" for this process ({limit})"
        raise BadInput(f"training.threads: {threads} is more than the {cores}{here}")

    def anywhere(self) -> Experiment:
        """Leave the number of threads to the machine, unless it can alter a bit."""
        if self.threads_matter:
            return self
        training = self.training.model_copy(update={"threads": "auto"})
        return self.model_copy(update={"training": training})

    def placed_on(self, device: str, threads: int) -> Experiment:
        """Fill in a device and threads that need not be this machine's, as `resolved` does.

        Raises:
            BadInput: the experiment cannot run on such a device.
        """
        if self.training.precision == "tf32" and device == "cpu":
            raise BadInput(NO_TF32)
        snapshots = tuple(e for e in self.record.weights_at if e <= self.training.epochs)
        return self.model_copy(
            update={
                "training": self.training.model_copy(update={"device": device, "threads": threads}),
                "record": self.record.model_copy(update={"weights_at": snapshots}),
            }
        )

    @property
    def execution(self) -> Literal["eager", "compiled"]:
        """How the step runs; follows from the experiment alone, so a resumed run agrees."""
        training = self.training
        if training.execution != "auto":
            return training.execution
        on_gpu = training.device.startswith("cuda") and self.model.kind == "transformer"
        return "compiled" if on_gpu and self._steps() >= COMPILE_STEPS else "eager"

    @property
    def is_one_by_one(self) -> bool:
        """Whether learners are trained one by one, each in the cache of a core."""
        training = self.training
        plain = self.execution == "eager" and training.precision in ("float32", "float64")
        return self.model.kind == "transformer" and training.device == "cpu" and plain

    @property
    def threads_matter(self) -> bool:
        """Whether the number of threads can alter a bit of the result.

        Where several work on one product, its last bits may depend on how many they are. On a GPU,
        where learners are trained one by one and not wide, and where a model is so small that
        one thread does it all, none share a product.
        """
        if self.training.device.startswith("cuda"):
            return False
        if isinstance(self.model, Transformer):
            return self.model.d_model >= WIDE or not self.is_one_by_one
        try:
            return _trained_count(self.model, self.task, self.data, self.training.seed) >= SMALL
        except BadInput:  # a corpus that does not fit into memory is of no small model
            return True

    @property
    def _attends_to_both_sides(self) -> bool:
        both = isinstance(self.model, Transformer) and self.model.attention == "bidirectional"
        return both or self.objective.kind == "bico"

    @property
    def steps_per_epoch(self) -> int:
        """Gradient steps in one pass over a learner's examples; the last takes what is left.

        >>> Experiment(task={"kind": "reversal", "vocab_size": 200}).steps_per_epoch  # of 85, by 64
        2
        """
        size = self.training.batch_size
        if size == "all":
            return 1
        return -(-_example_count(self.task, self.data, self.objective, self.training.seed) // size)

    def _steps(self) -> int:
        """Gradient steps of the whole training."""
        return self.training.epochs * self.steps_per_epoch

    def digest(self, results_version: int | None = None) -> str:
        """Hash everything that can alter a bit of the result (of a resolved experiment).

        Args:
            results_version: of the code that gives the result; by default this code's. Asked for
                one by its number, it hashes the threads as all did at first, bits or not.

        >>> Experiment(task={"kind": "chain"}).resolved().digest()[:6].isalnum()
        True
        """
        before = results_version is not None
        threads = self.training.threads if before or self.threads_matter else "auto"
        return _sha256(self._canonical(results_version, threads))

    def _canonical(self, results_version: int | None, threads: int | str) -> str:
        settings = _without_later_defaults(self.model_dump(mode="json"))
        settings["training"]["execution"] = "auto"  # how it was chosen alters nothing
        settings["training"]["threads"] = threads
        content = {
            "experiment": settings,
            "execution": self.execution,
            "results_version": RESULTS_VERSION if results_version is None else results_version,
        }
        if results_version is None and self.is_one_by_one and self._attends_to_both_sides:
            content["step"] = 2  # written out since; under results version 2 it was autograd's
        return json.dumps(content, sort_keys=True, ensure_ascii=False)

    def digests_by_threads(self) -> Iterator[tuple[int, str]]:
        """The hash with each number of threads in it; at first it always was."""
        before, after = self._canonical(None, threads=1).split('"threads": 1')
        for count in range(1, MOST_CORES + 1):
            yield count, _sha256(f'{before}"threads": {count}{after}')

    def goes_by(self, digest: str) -> bool:
        """Whether a digest is this experiment's, now or when threads were always hashed."""
        if digest == self.digest():
            return True
        return not self.threads_matter and any(d == digest for _, d in self.digests_by_threads())

    @property
    def name(self) -> str:
        """The name of this experiment's run: task, model and 12 digits of its hash."""
        return self.named(self.digest())

    def named(self, digest: str) -> str:
        """The name of a run with this digest."""
        return f"{self.task.kind}-{self.model.kind}-{digest[:12]}"


def _corpus(task: Any, data: Data, objective: Any, seed: int) -> Corpus:
    return prepared(objective, data.extend(task.corpus(seed), seed))


def _any_draw() -> np.random.Generator:
    return np.random.default_rng(0)


@lru_cache(maxsize=256)
def _example_count(task: Any, data: Data, objective: Any, seed: int) -> int:
    """Count the examples of a seed's corpus; their number is the same for every seed."""
    return len(objective.examples(_corpus(task, data, objective, seed), _any_draw()).inputs)


@lru_cache(maxsize=256)
def _trained_count(model: Any, task: Any, data: Data, seed: int) -> int:
    """Count one learner's trained parameters of an analysed model.

    Raises:
        BadInput: the corpus, whose vocabulary decides it, does not fit into memory.
    """
    count: int = model.trained_count(data.extend(task.corpus(seed), seed).vocab_size)
    return count
