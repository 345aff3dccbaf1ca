"""Which parts of an experiment fit together; what does not is refused before anything is trained.

Every check raises ValueError with one line that says what, where and what would be valid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrodict.models import Transformer
from retrodict.tasks import Chain, Reversal

if TYPE_CHECKING:
    from retrodict.experiment._experiment import Experiment

NO_TF32 = "training.precision tf32 needs a GPU; on a CPU choose float32, float64 or bfloat16"


def require_fit(experiment: Experiment) -> None:
    """Refuse an experiment whose parts do not go together.

    Raises:
        ValueError: the first that is found.
    """
    _model_reads_task(experiment)
    _data_fit_task(experiment)
    _data_fit_each_other(experiment)
    _model_reads_data(experiment)
    _model_reads_objective(experiment)
    _model_can_run_so(experiment)


def _model_reads_task(experiment: Experiment) -> None:
    model, task = experiment.model.kind, experiment.task
    if model == "bilinear" and task.kind != "pairs":
        raise ValueError(
            f"model.kind bilinear reads a single token, and task.kind {task.kind} asks with more; "
            "choose task.kind pairs, or model.kind one_layer or transformer"
        )
    if model != "relational":
        return
    if not isinstance(task, Reversal | Chain):
        raise ValueError(
            f"model.kind relational reads an entity and a relation, and task.kind {task.kind} asks "
            "otherwise; choose task.kind reversal or chain"
        )
    if task.entity_length != 1:
        raise ValueError(
            "model.kind relational reads entities of one token, and task.entity_length is "
            f"{task.entity_length}; choose 1"
        )
    if isinstance(task, Reversal) and task.relations > 2:
        raise ValueError(
            "model.kind relational has matrices for 2 relations and their inverses, and "
            f"task.relations is {task.relations}; choose 1 or 2"
        )


def _data_fit_task(experiment: Experiment) -> None:
    task, data = experiment.task, experiment.data
    for name, addition in data.additions.items():
        if task.kind not in addition.tasks:
            kinds = " or ".join(addition.tasks)
            raise ValueError(f"data.{name} is for task.kind {kinds}, and not for {task.kind}")
    if data.identity and data.identity.who == "middle" and task.kind != "chain":
        raise ValueError("data.identity.who middle is for task.kind chain; choose all")
    if not isinstance(task, Reversal) or task.relations == 1:
        return
    if data.bridge:
        raise ValueError("data.bridge is for task.relations 1")
    if data.identity:
        _as_many_entities_for_every_seed(task, data.identity.who)


def _as_many_entities_for_every_seed(task: Reversal, who: str) -> None:
    """Refuse identity sentences whose number differs from seed to seed."""
    if who != "all":
        raise ValueError(
            f"data.identity.who {who} is another number of entities for every seed where "
            f"task.relations is {task.relations}; choose all"
        )
    if sum(task.sizes) < task.pairs:
        raise ValueError(
            f"data.identity is for another number of entities for every seed where "
            f"task.relations is {task.relations} and not every pair is used; choose "
            "task.relations 1, or larger task.max_train_facts and task.max_validation_facts"
        )


def _data_fit_each_other(experiment: Experiment) -> None:
    data = experiment.data
    if data.reverse and data.middle_step:
        raise ValueError("data.reverse cannot stand beside data.middle_step; choose one")
    if data.reverse and data.reverse.marker and data.bridge:
        raise ValueError("data.bridge cannot stand beside data.reverse.marker; choose one")
    if data.identity and data.bridge:
        raise ValueError("data.bridge has identity sentences of its own; leave out identity")
    if data.identity and data.identity.who == "trained" and data.one_way:
        raise ValueError(
            "data.identity.who trained is nobody beside data.one_way, which holds out something of "
            "every pair; choose all"
        )


def _model_reads_data(experiment: Experiment) -> None:
    model, objective = experiment.model, experiment.objective
    for addition in experiment.data.additions.values():
        name = addition.lengthens
        if not name:
            continue
        if objective.needs_equal_lengths:
            raise ValueError(
                f"objective.kind {objective.kind} needs sentences of one length, and data.{name} "
                "makes longer ones; choose objective.kind next_token"
            )
        if not isinstance(model, Transformer):
            raise ValueError(
                f"data.{name} makes sentences of more tokens than model.kind {model.kind} reads; "
                "choose model.kind transformer"
            )


def _model_reads_objective(experiment: Experiment) -> None:
    model, objective = experiment.model, experiment.objective
    if not isinstance(model, Transformer):
        if objective.kind != "next_token":
            raise ValueError(
                f"objective.kind {objective.kind} is for model.kind transformer; with model.kind "
                f"{model.kind} choose next_token"
            )
        return
    wanted = "bidirectional" if objective.reads_both_sides else "causal"
    if model.attention != wanted:
        raise ValueError(
            f"objective.kind {objective.kind} needs model.attention {wanted}, not {model.attention}"
        )


def _model_can_run_so(experiment: Experiment) -> None:
    model, training = experiment.model.kind, experiment.training
    if model != "transformer" and training.precision in ("tf32", "bfloat16"):
        raise ValueError(
            f"training.precision {training.precision} is for model.kind transformer; with "
            f"model.kind {model} choose float32 or float64"
        )
    if model != "transformer" and training.execution == "compiled":
        raise ValueError(
            "training.execution compiled is for model.kind transformer; with model.kind "
            f"{model} choose auto or eager"
        )
    if training.precision == "tf32" and training.device == "cpu":
        raise ValueError(NO_TF32)
