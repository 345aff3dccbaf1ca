"""To add something is one file and one line: done in a copy of the package, which is then used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import retrodict

pytestmark = pytest.mark.seconds

PACKAGE = Path(retrodict.__file__).parent
END = "# isort: on\n"  # of a room's list

TASK = '''
"""The number that follows, in a circle; the last is never told."""

from typing import Literal

import numpy as np

from retrodict.tasks._corpus import Corpus, Group, ProbeGroup
from retrodict.tasks._task import TaskConfig


class Successor(TaskConfig):
    """Numbers and what follows each."""

    groups = {"train": Group("taught", "told"), "validation": Group("held_out", "untold")}

    kind: Literal["successor"] = "successor"
    vocab_size: int = 6

    def corpus(self, seed: int) -> Corpus:
        numbers = np.arange(self.vocab_size)
        parts = dict(zip(self.groups, np.split(numbers, [-1])))
        return Corpus.of(
            [self._ask(name, part) for name, part in parts.items()],
            names=[str(number) for number in numbers],
            entity_spans=((0, 1), (1, 2)),
            relation_positions=(),
        )

    def _ask(self, name: str, numbers: np.ndarray) -> ProbeGroup:
        told = self.groups[name]
        return ProbeGroup(
            name=name,
            told=told,
            trained=told.role == "taught",
            tokens=np.stack([numbers, (numbers + 1) % self.vocab_size], axis=1),
            answer_start=1,
            facts=numbers,
            directions=np.full(len(numbers), "forward"),
            candidates=np.tile(np.arange(self.vocab_size), (len(numbers), 1)),
        )
'''
MODEL = '''
"""A table: the logits after a token are its row."""

from typing import Any, Literal

from retrodict.models._config import ModelConfig


class Bigram(ModelConfig):
    """A row of logits for every token."""

    population = "retrodict.models._bigram:learners"
    reads_sequences = True

    kind: Literal["bigram"] = "bigram"

    @property
    def summary(self) -> str:
        return "bigram"

    def parameter_count(self, vocab_size: int, length: int) -> int:
        return vocab_size**2

    trained_count = parameter_count


def learners(config, vocab_size, length, seeds, device, dtype) -> Any:
    import torch

    from retrodict.models._layers import embedding
    from retrodict.models._population import Population

    class Learners(Population):
        def __init__(self) -> None:
            super().__init__(seeds)
            start = torch.zeros(len(seeds), vocab_size, vocab_size, dtype=dtype)
            self.table = torch.nn.Parameter(start)
            self.flatten_parameters(device)

        def embed(self, tokens):
            return embedding(self.table, tokens)

        def forward(self, tokens, first=0, drop=None):
            return self.embed(tokens[:, :, first:].contiguous())

    return Learners()
'''
DATA = '''
"""Every sentence once more."""

from retrodict.data._addition import Addition, with_sentences
from retrodict.tasks import Corpus


class Again(Addition):
    """Every sentence is said twice."""

    name = "again"
    tasks = ("successor",)

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        return with_sentences(corpus, corpus.tokens, corpus.facts, "again")
'''
OBJECTIVE = '''
"""The answer alone."""

from typing import Literal

from retrodict.objectives._examples import Examples, ObjectiveConfig, causal_questions


class AnswerOnly(ObjectiveConfig):
    """Predict the answer from the question."""

    kind: Literal["answer_only"] = "answer_only"

    def examples(self, corpus, rng):
        start = corpus.answer_start
        return Examples(corpus.tokens[:, :-1], start - 1, corpus.tokens[:, start:])

    def ask(self, corpus, prompts, answers, start):
        return causal_questions(prompts, answers)
'''
RECIPE = '''
"""Saying everything twice."""

from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="said_twice",
        title="every sentence twice",
        source="ours [O]",
        settings={"data": {"again": {}}},
        tasks=("successor",),
        models=("bigram",),
    ),
)
'''
MEASURE = '''
"""How often the answer is wrong."""

from retrodict.measures._measure import Measure

ERROR = Measure("error", lambda curves: 1 - curves["accuracy"], "error rate")
'''
FIGURE = '''
"""Numbers that were told are known."""

from retrodict.experiment import Experiment
from retrodict.figures._figure import PaperFigure
from retrodict.measures import final_values
from retrodict.plots import plot_nll

COUNTING = PaperFigure(
    name="counting",
    title="what follows a number",
    grade="O",
    paper="Ours: is a number that was told known?",
    experiments=lambda scale: {
        "numbers": Experiment.from_text(
            "task: {kind: successor}\\nmodel: {kind: bigram}\\nrecipe: said_twice\\n"
            "objective: {kind: answer_only}\\n"
            "optimizer: {lr: 0.1}\\ntraining: {epochs: 40, learners: 2, batch_size: all}\\n"
            "record: {every: 10, weights_at: []}\\n"
        )
    },
    draw=lambda inputs: plot_nll(inputs.trace, "Counting", "told", "untold"),
    check=lambda inputs, caption: caption.at_most(
        "told", "told numbers are known", final_values(inputs.trace)[0].error, 0.1
    ),
)
'''
SOURCE = '''
"""Counting is hard."""

from retrodict.claims import Check, Evidence, alone, at_least
from retrodict.papers import Source

CHECKS = (
    Check(
        name="counting-is-hard",
        title="counting is hard",
        words="Nobody can count beyond five.",
        grade="N",
        source=Source("Doe", 2030, "3001.00001"),
        setting="Fingers.",
        check=lambda effort: Evidence(
            [at_least("counting-is-hard", "five is reached", "N", alone(5.0), 5.0)]
        ),
    ),
)
'''
COMMAND = '''
"""`retrodict greet`: a kind word."""

from retrodict.cli.commands._command import command


@command("greet")
def greet() -> None:
    """Greet whoever asks."""
    print("hello")
'''
SECTION = '''
"""How long nothing takes."""

from retrodict.bench._row import Row
from retrodict.bench._section import Section, milliseconds

SECTION = Section(
    name="nothing",
    title="nothing, done quickly",
    legend="ms: milliseconds.",
    seconds=1,
    measure=lambda plan, tick: [
        Row(section="nothing", config="", variant="", device="", threads=1, torch="", seconds=0.5)
    ],
    cells=lambda row: {"ms": milliseconds(row.seconds)},
)
'''

ADDED = {
    "tasks/_successor.py": (TASK, "Successor as Successor"),
    "models/_bigram.py": (MODEL, "Bigram as Bigram"),
    "data/_again.py": (DATA, "Again as Again"),
    "objectives/_answer_only.py": (OBJECTIVE, "AnswerOnly as AnswerOnly"),
    "recipes/_said_twice.py": (RECIPE, "RECIPES as said_twice"),
    "measures/groups/_error.py": (MEASURE, "ERROR"),
    "figures/findings/_counting.py": (FIGURE, "COUNTING"),
    "literature/_doe_2030.py": (SOURCE, "CHECKS as doe_2030"),
    "cli/commands/_greet.py": (COMMAND, "greet"),
    "bench/sections/_nothing.py": (SECTION, "SECTION as nothing"),
}
"""File of the package → its content, and what the room's list imports of it."""

YAML = """
task: {kind: successor, vocab_size: 5}
model: {kind: bigram}
objective: {kind: answer_only}
recipe: said_twice
training: {epochs: 2, learners: 2}
"""
COMMANDS = {
    "list": ["list", "--json"],
    "help": ["--help"],
    "run": ["run", "x.yaml", "--out", "store", "--json"],
    "show": ["show", "RUN"],
    "compare": ["compare", "RUN", "--json"],
    "reproduce": ["reproduce", "counting", "--scale", "smoke", "--out", "store", "--json"],
    "verify": ["verify", "--published", "counting-is-hard", "--fast", "--out", "store", "--json"],
    "bench": ["bench", "nothing", "--quick", "--out", "bench"],
    "greet": ["greet"],
}
MISTYPED = {
    "successor": ["run", "x.yaml", "--set", "task.kind=sucessor"],
    "bigram": ["run", "x.yaml", "--set", "model.kind=bigrams"],
    "again": ["run", "x.yaml", "--set", "data.agian={}"],
    "answer_only": ["run", "x.yaml", "--set", "objective.kind=answers_only"],
    "said_twice": ["run", "x.yaml", "--set", "recipe=says_twice"],
    "counting": ["reproduce", "countin"],
    "counting-is-hard": ["verify", "--published", "counting-is-easy"],
    "nothing": ["bench", "nothin"],
}
"""Name → a command that names it wrongly."""

PROGRAM = """
import contextlib, io, json, pathlib, sys
from retrodict.cli._exit import run_cli

def give(command):
    run = next(map(str, pathlib.Path("store").glob("successor-*")), "")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_cli([run if word == "RUN" else word for word in command])
    loaded = "torch" in sys.modules
    return {"code": code, "out": out.getvalue(), "err": err.getvalue(), "torch": loaded}

print(json.dumps({name: give(command) for name, command in json.load(sys.stdin).items()}))
"""


def add(package: Path, file: str, text: str, name: str) -> None:
    """Write one file, and one line into its room's list."""
    path = package / file
    assert not path.exists()
    path.write_text(text.lstrip(), encoding="utf-8")
    room = path.with_name("__init__.py")
    line = f"from retrodict.{file.removesuffix('.py').replace('/', '.')} import {name}\n"
    before = room.read_text(encoding="utf-8")
    assert before.count(END) == 1
    room.write_text(before.replace(END, line + END), encoding="utf-8")


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Add one of each to a copy of the package; what commands then say and do."""
    folder = tmp_path_factory.mktemp("extended")
    package = folder / "code" / "retrodict"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    for file, (text, name) in ADDED.items():
        add(package, file, text, name)
    (folder / "x.yaml").write_text(YAML, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(COMMANDS | MISTYPED),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package.parent), "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_contributing_names_the_same_lists():
    text = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = [line.split("|")[-2] for line in text.splitlines() if line.startswith("| a")]
    lists = {cell.strip(" `").removesuffix("/__init__.py") for cell in table if "__init__" in cell}
    assert lists == {str(Path(file).parent) for file in ADDED}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_take_what_was_added(given, name):
    assert given[name]["code"] == 0, given[name]["err"]


def test_the_list_names_it_and_loads_no_torch(given):
    found = json.loads(given["list"]["out"])
    names = {one["name"] for rows in found.values() for one in rows}
    wanted = {"successor", "bigram", "again", "answer_only", "said_twice", "counting"}
    assert wanted | {"counting-is-hard"} <= names
    assert not given["list"]["torch"]


@pytest.mark.parametrize("name", MISTYPED)
def test_a_mistyped_name_is_told_which_was_meant(given, name):
    assert given[name]["code"] == 2
    assert f"did you mean '{name}'?" in given[name]["err"]


def test_an_experiment_of_new_parts_is_trained_and_measured(given):
    told = json.loads(given["run"]["out"])
    assert told["experiment"]["data"]["again"] == {}
    final = told["final"]["validation"]
    assert final["error"]["mean"] == pytest.approx(1 - final["accuracy"]["mean"])
    (run,) = json.loads(given["compare"]["out"])["runs"]
    assert run["final"]["train"].keys() == final.keys()
    assert "error rate" in given["show"]["out"]


def test_a_new_figure_is_drawn_and_its_claim_checked(given):
    assert "told numbers are known" in given["reproduce"]["out"]


def test_a_new_claim_is_checked(given):
    (found,) = json.loads(given["verify"]["out"])
    assert (found["verdict"], found["authors"]) == ("reproduced", "Doe")


def test_a_new_section_and_a_new_command_do_what_they_say(given):
    assert "nothing, done quickly" in given["bench"]["out"]
    assert given["greet"]["out"] == "hello\n"
    assert "Greet whoever asks." in given["help"]["out"]
