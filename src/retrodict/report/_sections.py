"""One section a figure, and one for runs that no figure uses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from retrodict.claims import Claim
from retrodict.figures import describe
from retrodict.measures import Final
from retrodict.report._collect import Collected, FigureSection
from retrodict.report._differences import differences
from retrodict.report._html import Html, join, row, table, tag, text
from retrodict.report._run_view import RunView

CHIPS = {
    "holds": ("holds", "✓", "holds"),
    "fails": ("fails", "✕", "fails"),
    "fails (known)": ("known", "◐", "fails (known)"),
    "not applicable": ("none", "–", "not applicable"),
    "not measured": ("none", "–", "not measured"),
    "reproduced": ("holds", "✓", "reproduced"),
    "not reproduced at this scale (known)": ("known", "◐", "not reproduced (known)"),
    "contradicted (known)": ("known", "◐", "contradicted (known)"),
    "not reproduced at this scale": ("fails", "✕", "not reproduced at this scale"),
    "contradicted": ("fails", "✕", "contradicted"),
}
"""Verdict → its class, its shape and its words; never told by colour alone."""

GRADES = {
    "S": "stated in the paper's abstract or captions, or read off the authors' code",
    "N": "found in third-party notes on the paper",
    "R": "reconstructed by us from the set-up; not the paper's wording",
    "O": "ours: the paper does not have it",
}


_DENSITY = 1.4  # pixels of a drawing to one of the page: text as large as the page's


def chip(verdict: str, exceptions: bool = False) -> Html:
    """A verdict as a word and a shape; a summary calls documented failures exceptions."""
    kind, shape, words = CHIPS[verdict]
    words = "with exceptions" if exceptions and verdict == "fails (known)" else words
    return tag("span", tag("span", shape, aria_hidden="true"), " ", words, class_=f"chip {kind}")


def grade(letters: str) -> Html:
    """Letters of grades, each with what it means."""
    known = [letter for letter in letters if letter in GRADES]
    return join(
        (tag("abbr", letter, title=GRADES[letter], class_="grade") for letter in known), " "
    )


def command_line(command: str) -> Html:
    """A command to be copied."""
    button = tag("button", "copy", type="button", class_="copy", aria_label=f"copy {command}")
    return tag("span", tag("code", command), " ", button, class_="command")


def figure_section(section: FigureSection, ids: Mapping[str, str]) -> Html:
    """All there is of a figure.

    Args:
        section: what was read.
        ids: run → the id under which the page has its data.
    """
    figure = section.figure
    head = tag(
        "h3",
        tag("a", figure.name, href=f"#{figure.name}"),
        tag("span", " ", figure.title, class_="title"),
        id=f"{figure.name}-title",
    )
    badges = [chip(section.verdict), tag("span", "grade ", grade(figure.grade), class_="badge")]
    if section.scale:
        badges.append(tag("span", f"{section.scale} scale", class_="badge"))
    said = "Asked: " if figure.grade == "O" else "The paper: "
    return tag(
        "section",
        head,
        tag("p", join(badges, " "), class_="badges"),
        tag("p", tag("strong", said), figure.paper),
        *_warnings(section),
        *_drawing(section),
        *_claims(section.claims),
        *explorer(section.runs, ids, figure.name),
        *_numbers(section.runs),
        *_differences(section),
        *_configuration(section.runs),
        tag("p", "Made by ", command_line(section.command)),
        id=figure.name,
        class_="figure",
        aria_labelledby=f"{figure.name}-title",
    )


def _warnings(section: FigureSection) -> list[Html]:
    found = []
    if section.problem:
        told = f"Its numbers are not used here: {section.problem}."
        found.append(tag("p", told, class_="warning"))
    failing = [claim for claim in section.claims if claim.verdict == "fails"]
    if failing:
        items = [
            tag(
                "li",
                f"{claim.statement}: asked {claim.predicted}, measured {claim.measured:.3g}, "
                f"short by {-claim.margin:.3g}",
            )
            for claim in failing
        ]
        lead = f"{len(failing)} of {len(section.claims)} claims fail at this scale:"
        found.append(tag("div", tag("p", lead), tag("ul", *items), class_="warning"))
    if section.stale and not section.problem:
        told = "Drawn and checked by another version of the code; the command below does it anew."
        found.append(tag("p", told, class_="hint"))
    return found


def _drawing(section: FigureSection) -> list[Html]:
    if section.picture is None:
        return [tag("p", "The drawing is not in the store, or cannot be read.", class_="hint")]
    picture, note = section.picture, section.record.note if section.record else ""
    verdicts = f"{section.verdict}, {len(section.claims)} claims checked"
    image = tag(
        "img",
        src=picture.uri,
        width=round(picture.width / _DENSITY),
        height=round(picture.height / _DENSITY),
        alt=f"Our plot of {section.figure.name}: {section.figure.title} ({verdicts})",
        decoding="async",
    )
    return [tag("figure", image, tag("figcaption", "Our plot. ", note), class_="plot")]


def _claims(claims: Sequence[Claim]) -> list[Html]:
    if not claims:
        return []
    rows = [
        row(
            claim.statement,
            chip(claim.verdict),
            claim.predicted,
            f"{claim.measured:.3g}",
            number(claim.margin),
            grade(claim.grade),
            numbers=(2, 3, 4),
            class_="fails" if claim.verdict == "fails" else None,
        )
        for claim in claims
    ]
    head = ("claim", "verdict", "predicted", "measured", "margin", "grade")
    caption = "What its caption says, checked (mean ± 95 % interval over learners)"
    return [table(head, rows, caption, class_="claims")]


def explorer(runs: Mapping[str, RunView], ids: Mapping[str, str], name: str) -> list[Html]:
    """Room for the chart that scripts draw, and what it shows."""
    shown = [
        {"label": label, "id": ids[run.name]} for label, run in runs.items() if run.name in ids
    ]
    told = [why for run in runs.values() if (why := run.theory)]
    if lost := len(runs) - len(shown):
        told.append(f"Curves left out of {lost} of {len(runs)} runs: the file would be too large.")
    hints = [tag("p", why, class_="hint") for why in dict.fromkeys(told)]
    if not shown:
        return hints
    return [
        tag(
            "div",
            class_="explorer",
            data_runs=json.dumps(shown),
            role="group",
            aria_label=f"interactive curves of {name}",
        ),
        *hints,
    ]


def _numbers(runs: Mapping[str, RunView]) -> list[Html]:
    if not runs:
        return []
    several = any(run.several_tokens for run in runs.values())
    head = ["run", "group", "NLL (nats)", *(["whole answer"] if several else [])]
    head += ["accuracy", "rank", "beats wrong"]
    rows = []
    for label, run in runs.items():
        for at, final in enumerate(run.finals):
            cells = [f"{final.nll:.3f}", *([f"{final.entity_nll:.3f}"] if several else [])]
            cells += [f"{final.accuracy:.2f}", f"{final.rank:.1f}", f"{final.preference:.2f}"]
            rows.append(
                row(
                    label if at == 0 else "",
                    final.group.replace("_", " "),
                    *cells,
                    numbers=range(2, 9),
                    class_=None if final.trained else "held-out",
                )
            )
    guesses = "; ".join(
        f"{label} {run.uniform_nll:.2f}, {run.alphabet_nll:.2f}" for label, run in runs.items()
    )
    hint = (
        f"A uniform guess over all tokens, and over the answer's alphabet, costs: {guesses} nats. "
        "Rank 1 is best; 'beats wrong' is how often the truth is likelier than a random wrong "
        "answer of its alphabet: 0.5 without knowledge. Held-out questions in bold."
    )
    return [
        tag(
            "details",
            tag("summary", "Numbers at the end of training"),
            table(head, rows, "Mean ± 95 % interval over learners, dropout off"),
            tag("p", hint, class_="hint"),
            *_diverged(runs),
        )
    ]


def _diverged(runs: Mapping[str, RunView]) -> list[Html]:
    return [
        tag(
            "p",
            f"{label}: {len(run.diverged)} learners became non-finite and are left out (seeds "
            f"{', '.join(map(str, run.diverged))}).",
            class_="warning",
        )
        for label, run in runs.items()
        if run.diverged
    ]


def _differences(section: FigureSection) -> list[Html]:
    if section.record is None:
        return []
    found = differences(section)
    lead = tag("strong", "Differs from paper scale (in brackets): ")
    line = tag("p", lead, found.in_short(), ".")
    if not found.settings:
        return [line]
    rows = [row(d.setting, d.here, d.paper, d.where or "all") for d in found.settings]
    head = ("setting", f"here ({section.scale})", "paper scale", "runs")
    summary = tag("summary", "Every setting that differs")
    inside = table(head, rows, "Settings, here and at paper scale")
    return [line, tag("details", summary, inside, class_="settings")]


def _configuration(runs: Mapping[str, RunView]) -> list[Html]:
    if not runs:
        return []
    parts = []
    for label, run in runs.items():
        parts += [
            tag("p", tag("strong", label), ": ", tag("code", run.name), ". ", made(run)),
            tag("pre", run.experiment.to_yaml(), tabindex="0"),
        ]
    return [tag("details", tag("summary", "Configuration, seeds and times"), *parts)]


def made(run: RunView) -> Html:
    """By whom and for how long."""
    training = run.experiment.training
    seeds = training.seeds
    told = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
    spent = f"{run.seconds:.0f} s of training" if run.seconds is not None else "time not known"
    device = f"{training.device}, {training.threads} threads, {training.precision}"
    return text(f"{told}; {spent} on {device}")


def own_section(store: Collected, ids: Mapping[str, str]) -> list[Html]:
    """Runs that no drawn figure uses."""
    if not store.own and not store.left_out:
        return []
    parts: list[Html] = [tag("h2", "Experiments of your own", id="own-title")]
    if store.own:
        told = "Finished runs of this store that no figure above uses."
        rows = [
            row(
                tag("code", run.name),
                describe({run.name: run.experiment}),
                f"{run.training_loss:.3f}",
                f"{held.nll:.3f}" if (held := _held_out(run)) else "–",
                f"{run.uniform_nll:.2f}",
                f"{held.accuracy:.2f}" if held else "–",
                numbers=range(2, 6),
            )
            for run in store.own
        ]
        head = ("run", "configuration", "training loss", "held-out NLL", "uniform guess")
        named = {run.name: run for run in store.own}
        parts += [
            tag("p", told),
            table((*head, "held-out accuracy"), rows, "How they ended (NLL in nats)"),
            *explorer(named, ids, "experiments of your own"),
            *_numbers(named),
            *_configuration(named),
        ]
    if store.left_out:
        items = [tag("li", tag("code", name), ": ", why) for name, why in store.left_out]
        parts += [tag("h3", "Not shown"), tag("ul", *items, class_="left-out")]
    return [tag("section", *parts, id="own", aria_labelledby="own-title")]


def _held_out(run: RunView) -> Final | None:
    return next((final for final in run.finals if not final.trained), None)


def number(value: float) -> str:
    """Write a number in three digits, or that there is none."""
    return f"{value:.3g}" if value == value else "none"
