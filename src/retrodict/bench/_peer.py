"""The peer: the field's usual script, neither optimised nor slowed down.

Hugging Face's GPT-2 from scratch, one seed, a DataLoader, AdamW, whole sentences in, the loss read
after every step, and an evaluation of every group of questions after every epoch.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from retrodict.bench._floor import transformer_of
from retrodict.errors import BadInput
from retrodict.experiment import AdamW, Placed
from retrodict.training import products_in


def require_transformers() -> None:
    """Make sure that Hugging Face's library is installed, without loading it.

    Raises:
        BadInput: it is not; the message says how to install it.
    """
    if importlib.util.find_spec("transformers") is None:
        raise BadInput(
            "the peer of 'retrodict bench step' is Hugging Face's GPT-2, and transformers is not "
            "installed: pip install 'retrodict[bench]'"
        )


class Peer:
    """The first learner of an experiment, trained as the usual script does.

    It has the experiment's sizes, dropout, optimiser, batches and questions, and a separate output
    head unless the experiment's is tied. It runs in our process, so its waiting threads spin as
    briefly as ours (`retrodict/__init__.py`). That costs it little, and helps it much if something
    else uses a core.

    Parameters:
        experiment: one with a transformer.

    Raises:
        BadInput: transformers is not installed, or the model is not GPT-2's.
    """

    learners = 1

    def __init__(self, experiment: Placed) -> None:
        require_transformers()
        transformers: Any = importlib.import_module("transformers")  # typed, but slow to check
        model, training = transformer_of(experiment), experiment.training
        if model.position != "absolute" or model.freeze_embeddings:
            raise BadInput("the peer is GPT-2: absolute positions, and embeddings are trained")
        corpus = experiment.corpus()
        self.device, self.precision = torch.device(training.device), training.precision
        self.start = experiment.examples(corpus).first + 1
        torch.manual_seed(training.seed)
        self.model: Any = transformers.GPT2LMHeadModel(
            transformers.GPT2Config(
                vocab_size=corpus.vocab_size,
                n_positions=corpus.tokens.shape[1],
                n_embd=model.d_model,
                n_layer=model.n_layer,
                n_head=model.n_head,
                resid_pdrop=model.dropout,
                embd_pdrop=model.dropout,
                attn_pdrop=model.dropout,
                tie_word_embeddings=model.tied_head,
                use_cache=False,  # there are no later tokens to keep keys and values for
                bos_token_id=None,
                eos_token_id=None,
            )
        ).to(self.device)
        config = experiment.optimizer
        if not isinstance(config, AdamW):
            raise BadInput(f"optimizer.kind: the peer uses adamw, not {config.kind}")
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=config.lr,
            betas=config.betas,
            eps=config.eps,
            weight_decay=config.weight_decay,
        )
        size = len(corpus.tokens) if training.batch_size == "all" else training.batch_size
        sentences = TensorDataset(torch.from_numpy(corpus.tokens))
        self.loader: DataLoader[tuple[torch.Tensor, ...]] = DataLoader(
            sentences, batch_size=size, shuffle=True
        )
        self.steps = len(self.loader)
        self.questions = {
            group.name: (torch.from_numpy(group.tokens), group.answer_start)
            for group in corpus.groups
        }

    def train(self) -> float:
        """Train for one epoch; return the mean loss of the steps, in nats."""
        self.model.train()
        losses = []
        for (batch,) in self.loader:
            tokens = batch.to(self.device)
            with self._products():
                loss = F.cross_entropy(*self._predictions(tokens, self.start))
                self.optimizer.zero_grad()
                loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    @torch.no_grad()
    def evaluate(self) -> dict[str, tuple[float, float]]:
        """Evaluate all questions; return each group's (NLL in nats, accuracy), both per token."""
        self.model.eval()
        found = {}
        for name, (sentences, start) in self.questions.items():
            with self._products():
                logits, answers = self._predictions(sentences.to(self.device), start)
            right = logits.argmax(-1) == answers
            found[name] = (F.cross_entropy(logits, answers).item(), right.float().mean().item())
        return found

    def _predictions(self, tokens: torch.Tensor, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits for the tokens from `start` on, and those tokens, flattened."""
        logits = self.model(input_ids=tokens).logits[:, start - 1 : -1]
        return logits.flatten(0, 1).float(), tokens[:, start:].flatten()

    @contextlib.contextmanager
    def _products(self) -> Iterator[None]:
        """Set the precision of matrix products to the experiment's, as a script would."""
        rounded = self.precision == "bfloat16"
        with (
            products_in(self.precision),
            torch.autocast(self.device.type, torch.bfloat16, enabled=rounded),
        ):
            yield
