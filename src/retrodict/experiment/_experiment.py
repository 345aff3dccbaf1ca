"""An Experiment: everything that decides the outcome of a training run, as data.

Reads and writes YAML, and takes overrides like `task.vocab_size=200`. Placed on a machine it has a
name: a hash of all that can alter a bit of the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import model_validator

from retrodict.config import FrozenConfig
from retrodict.data import Data
from retrodict.errors import BadInput
from retrodict.experiment._compatibility import NO_TF32, require_fit
from retrodict.experiment._corpora import corpus_of, example_count, examples_of, trained_count
from retrodict.experiment._defaults import completed
from retrodict.experiment._empty_sections import load_sections
from retrodict.experiment._identity import canonical, sha256, without_later_defaults
from retrodict.experiment._overrides import checked, flow, put
from retrodict.experiment._placing import COMPILE_STEPS, device_here, too_many
from retrodict.experiment._sections import AdamW, Optimizer, Record, Training
from retrodict.experiment._yaml import read_text
from retrodict.limits import core_count
from retrodict.models import SMALL, Model, Transformer
from retrodict.objectives import Examples, NextToken, Objective
from retrodict.tasks import Corpus, Task

HEADER = "# retrodict experiment, format "
"""How the experiment.yaml of a run begins: to YAML it is a comment."""


MOST_CORES = 256
"""Runs whose names have the threads in them are looked for under as many numbers."""


class Experiment(FrozenConfig):
    """One complete experiment. Settings left out take the paper's defaults.

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
    def _complete(cls, data: Any) -> Any:
        return completed(data)

    @model_validator(mode="after")
    def _parts_fit(self) -> Experiment:
        require_fit(self.task, self.data, self.model, self.objective, self.training)
        return self

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
        """Read an experiment from a YAML file.

        Args:
            path: the file.
            overrides: changes on top of it, e.g. `"task.vocab_size=200"`.

        Raises:
            BadInput: the file cannot be read, is not an experiment, or an override does not fit;
                the message names file, line and the nearest valid choice.
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
        data, tree = load_sections(text, where, Experiment)
        return checked(Experiment, data, where, tree, list(overrides))

    def to_yaml(self) -> str:
        """Write the experiment in full, defaults included."""
        lines = []
        for name, part in self._plain().items():
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
            for section, part in self._plain().items()
            for key, value in part.items()
        }

    def _plain(self) -> dict[str, Any]:
        return without_later_defaults(self.model_dump(mode="json"))

    def with_overrides(self, *overrides: str) -> Experiment:
        """Return a copy with changes like `"task.vocab_size=200"`, as a command takes them.

        Raises:
            BadInput: an override does not fit.
        """
        return checked(Experiment, self._plain(), "override", overrides=overrides)

    def changed(self, settings: Mapping[str, Any]) -> Experiment:
        """Return a copy with other values of some settings, or of whole sections.

        Raises:
            BadInput: a value does not fit.

        >>> Experiment(task={"kind": "chain"}).changed({"model.tied_head": True}).model.tied_head
        True
        """
        data = self._plain()
        for name, value in settings.items():
            put(data, name.split("."), value, name)
        return checked(Experiment, data, "changed")

    def corpus(self, seed: int | None = None) -> Corpus:
        """Draw the corpus of a seed, by default the first learner's.

        It is the task's, with what `data` adds and `objective` needs.
        """
        if seed is None:
            seed = self.training.seed_of_corpus(self.training.seed)
        return corpus_of(self.task, self.data, self.objective, seed)

    def corpora(self) -> list[Corpus]:
        """Draw the corpus of every learner."""
        return [self.corpus(self.training.seed_of_corpus(seed)) for seed in self.training.seeds]

    def examples(self, corpus: Corpus) -> Examples:
        """Lay out a corpus for training; if examples are random, as in one epoch."""
        return examples_of(self.objective, corpus)

    @property
    def steps_per_epoch(self) -> int:
        """Gradient steps in one pass over a learner's examples; the last takes what is left.

        >>> Experiment(task={"kind": "reversal", "vocab_size": 200}).steps_per_epoch  # of 85, by 64
        2
        """
        size = self.training.batch_size
        if size == "all":
            return 1
        return -(-example_count(self.task, self.data, self.objective, self.training.seed) // size)

    def placed(self, fewer: bool = False) -> Placed:
        """Place it on this machine, which decides device and threads where they are left open.

        Args:
            fewer: whether to use fewer threads if there are fewer cores, unless that can alter a
                bit.

        Raises:
            BadInput: a device that does not exist here, or more threads than cores.
        """
        count, asked = core_count(), self.training.threads
        threads = count if asked == "auto" else asked
        placed = self.placed_on(device_here(self.training.device), threads)
        if threads <= count:
            return placed
        if fewer and not placed.threads_matter:
            return self.placed_on(placed.training.device, count)
        raise BadInput(too_many(threads, count))

    def placed_on(self, device: str, threads: int) -> Placed:
        """Place it on a device, with threads, that need not be this machine's.

        Raises:
            BadInput: the experiment cannot run on such a device.
        """
        if self.training.precision == "tf32" and device == "cpu":
            raise BadInput(NO_TF32)
        place = {"device": device, "threads": threads}
        happen = tuple(e for e in self.record.weights_at if e <= self.training.epochs)
        return Placed.model_construct(
            task=self.task,
            data=self.data,
            model=self.model,
            objective=self.objective,
            optimizer=self.optimizer,
            training=self.training.model_copy(update=place),
            record=self.record.model_copy(update={"weights_at": happen}),
        )

    def as_written(self) -> Placed:
        """Place it as the file itself says, for example a run's own."""
        threads = self.training.threads
        return self.placed_on(self.training.device, core_count() if threads == "auto" else threads)

    def anywhere(self) -> Experiment:
        """Leave the number of threads to the machine, unless it can alter a bit."""
        if self.as_written().threads_matter:
            return self
        return self.changed({"training.threads": "auto"})


class Placed(Experiment):
    """An experiment on a machine: its device, its threads, and the snapshots that will happen.

    `Experiment.placed` makes it. Since all that can alter a bit is known, it has a name.
    """

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and self.settings == other.settings

    def eager(self) -> Placed:
        """Return the same, its step not compiled."""
        return self.changed({"training.execution": "eager"}).as_written()

    @property
    def threads(self) -> int:
        """CPU threads."""
        assert self.training.threads != "auto"
        return self.training.threads

    @cached_property
    def execution(self) -> Literal["eager", "compiled"]:
        """How the step runs; follows from the experiment alone, so a resumed run agrees."""
        training = self.training
        if training.execution != "auto":
            return training.execution
        on_gpu = training.device.startswith("cuda") and self.model.compiles
        is_long = on_gpu and training.epochs * self.steps_per_epoch >= COMPILE_STEPS
        return "compiled" if is_long else "eager"

    @property
    def is_one_by_one(self) -> bool:
        """Whether learners are trained one by one, each in the cache of a core."""
        plain = self.execution == "eager" and self.training.precision in ("float32", "float64")
        return bool(self.model.explicit) and self.training.device == "cpu" and plain

    @property
    def threads_matter(self) -> bool:
        """Whether the number of threads can alter a bit of the result.

        Where several work on one product, its last bits may depend on how many they are. On a GPU,
        where learners are trained one by one and not wide, and where a model is so small that
        one thread does it all, none share a product.
        """
        if self.training.device.startswith("cuda"):
            return False
        if self.model.explicit:
            return self.model.is_wide or not self.is_one_by_one
        drawn = (self.task, self.data, self.objective, self.training.seed)
        try:
            return trained_count(self.model, *drawn) >= SMALL
        except BadInput:  # a corpus that does not fit into memory is of no small model
            return True

    def digest(self, results_version: int | None = None) -> str:
        """Hash everything that can alter a bit of the result.

        Args:
            results_version: of the code that gives the result; by default this code's. With an
                explicit version, the number of threads is always hashed, as it once was.

        >>> Experiment(task={"kind": "chain"}).placed().digest()[:6].isalnum()
        True
        """
        matter = results_version is not None or self.threads_matter
        return sha256(self._canonical(self.threads if matter else "auto", results_version))

    def _canonical(self, threads: int | str, results_version: int | None = None) -> str:
        both = self.model.reads_both_sides or self.objective.mixes_attention
        is_later_step = self.is_one_by_one and both
        return canonical(self._plain(), self.execution, threads, is_later_step, results_version)

    def digests_by_threads(self) -> Iterator[tuple[int, str]]:
        """The hash with each number of threads in it; at first it always was."""
        before, after = self._canonical(threads=1).split('"threads": 1')
        for count in range(1, MOST_CORES + 1):
            yield count, sha256(f'{before}"threads": {count}{after}')

    def goes_by(self, digest: str) -> bool:
        """Whether a digest belongs to this experiment, in the present or the old form."""
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
