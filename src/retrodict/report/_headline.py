"""The report's first screen: does the curse appear, how strongly, and does theory agree?

Every answer comes from checked claims and their runs. If the store has none of them, the answer is
"not measured", with the command that would measure it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from retrodict.claims import Claim, Finding, Kept
from retrodict.figures import FIGURES
from retrodict.report._collect import Collected, FigureSection, overall
from retrodict.report._run_view import RunView

TASKS = {"reversal": ("fig1", "fig2"), "chain": ("fig3", "fig4")}
"""Task → its figure of curves and its figure of effective weights."""

_EXCEPTIONS = {"in-context-reversal": "in context", "related-chain": "related tokens"}
_GRADES = "SNRO"


@dataclass(frozen=True)
class Answer:
    """One row of the verdict table.

    Attributes:
        question: a statement that can hold, such as "What is taught is memorised".
        verdict: `holds`, `fails`, `fails (known)` or `not measured`.
        lines: the numbers, one line per task or subject; none if nothing is measured.
        grade: letters of the grades it rests on.
        links: sections with the details.
        command: the command that measures it.
    """

    question: str
    verdict: str
    lines: Sequence[str]
    grade: str
    links: Sequence[str]
    command: str

    @property
    def text(self) -> str:
        """The numbers in one line."""
        return "; ".join(self.lines)


def answers(store: Collected, statements: Kept | None) -> list[Answer]:
    """Return the rows of the verdict table."""
    return [
        _memorised(store),
        _unknown(store),
        _strength(store),
        _sweeps(store),
        _exceptions(store),
        _theory(store, statements),
    ]


def headline(store: Collected, found: Sequence[Answer]) -> str:
    """Return the answer in one or two sentences."""
    memorised, unknown, _, _, _, theory = found
    end = f" {_theory_in_words(theory)}" if theory.verdict != "not measured" else ""
    if old := sum(section.stale for section in store.sections):
        which = "1 figure was" if old == 1 else f"{old} figures were"
        end += f" {which} checked by another version of the code; reproduce to check again."
    if "not measured" in (memorised.verdict, unknown.verdict):
        return (
            "Whether the curse appears is not measured in this store: figure 1 or 3 is missing."
            + end
        )
    if memorised.verdict == "fails":
        return "Undecided in this store: not everything that is taught is memorised." + end
    if unknown.verdict == "fails":
        return "Not as claimed here: held-out questions are answered better than claimed." + end
    scales = {s.scale for n in ("fig1", "fig3") if (s := store.section(n)) and s.claims}
    where = f"At {scales.pop()} scale the" if len(scales) == 1 else "The"
    return f"{where} curse appears. {_contrast(store)}{_missing(store)}{end}"


def _contrast(store: Collected) -> str:
    """Compare taught with held-out NLL, for the first task that was measured."""
    for task, (curves, _) in TASKS.items():
        taught, held_out = store.claim(f"{curves}.training"), store.claim(f"{curves}.validation")
        run = _run(store, curves)
        if taught and held_out and run:
            what = "the reverse direction" if task == "reversal" else "the leap from A to C"
            return (
                f"The NLL is {taught.measured.mean:.2g} nats for what was taught and "
                f"{held_out.measured.mean:.1f} for {what}; a uniform guess has "
                f"{run.uniform_nll:.1f}."
            )
    return ""


def _missing(store: Collected) -> str:
    run = _run(store, "fig2")
    if run is None or "asymmetry" not in run.indices:
        return ""
    share = run.indices["asymmetry"].mean
    return f" {share:.0%} of the effective weight of what was taught is missing in reverse."


def _theory_in_words(theory: Answer) -> str:
    agrees = "Theory does not agree everywhere" if theory.verdict == "fails" else "Theory agrees"
    return f"{agrees}: {theory.lines[0]}."


def _memorised(store: Collected) -> Answer:
    found = {task: store.claim(f"{curves}.training") for task, (curves, _) in TASKS.items()}
    claims = {task: claim for task, claim in found.items() if claim}
    told = ", ".join(f"{task} {claim.measured:.3f}" for task, claim in claims.items())
    text = f"final training NLL: {told} nats (claimed: ≤ 0.1)"
    return _answer("What is taught is memorised", list(claims.values()), [text], ["fig1", "fig3"])


def _unknown(store: Collected) -> Answer:
    names = [f"{c}.{n}" for c, _ in TASKS.values() for n in ("validation", "preference")]
    claims = [claim for name in names if (claim := store.claim(name))]
    told = []
    for task, (curves, _) in TASKS.items():
        claim, run = store.claim(f"{curves}.validation"), _run(store, curves)
        if claim and run:
            last = run.finals[-1]
            told.append(
                f"{task}: {claim.measured:.2f} nats held out (uniform guess {run.uniform_nll:.1f}, "
                f"within the alphabet {run.alphabet_nll:.1f}), {last.accuracy.mean:.0%} right, the "
                f"truth beats a random wrong answer in {last.preference.mean:.0%}"
            )
    return _answer("The untaught direction is not known", claims, told, ["fig1", "fig3"])


def _strength(store: Collected) -> Answer:
    figures = [weights for _, weights in TASKS.values()]
    claims = _claims(_checked(store, figures))
    told = []
    for task, (_, weights) in TASKS.items():
        run = _run(store, weights)
        if not run or not claims:
            continue
        name = "asymmetry" if task == "reversal" else "intransitivity"
        index, control = run.indices.get(name), run.indices.get(f"{name}_control")
        taught = [z.mean for panel, z in run.z.items() if panel != "validation"]
        unseen = run.z.get("validation")
        said = []
        if index and control:
            said.append(f"{name} {index:.2f}, where taught {round(control.mean, 2) + 0.0:.2f}")
        if taught and unseen:
            said.append(f"diagonal z\u00a0≥\u00a0{min(taught):.1f} taught, {unseen:.2f} untaught")
        told.append(f"{task}: {', '.join(said)}")
    return _answer("Its weights stay untrained", claims, told, figures, ours=bool(told))


def _sweeps(store: Collected) -> Answer:
    sweeps = [figure.name for figure in FIGURES if figure.sweep]
    sections = _checked(store, sweeps)
    claims = _claims(sections)
    bad = [section.figure.name for section in sections if section.verdict != "holds"]
    lines = [f"in {len(sections) - len(bad)} of {len(sections)} sweeps every claim holds"]
    if absent := len(sweeps) - len(sections):
        lines.append(f"{absent} of {len(sweeps)} sweeps are not here")
    if bad:
        failed = sum(not claim.holds for claim in claims)
        lines.append(f"{failed} of {len(claims)} claims do not, in {', '.join(bad)}")
    links = bad or [section.figure.name for section in sections[:1]]
    found = _answer("So in every sweep", claims, lines, links or sweeps[:1], group="all")
    if absent and found.verdict == "holds":  # of those in the store
        return dataclasses.replace(found, verdict="not measured")
    return found


def _exceptions(store: Collected) -> Answer:
    found = {says: store.claim(f"{name}.validation") for name, says in _EXCEPTIONS.items()}
    told = ", ".join(f"{says} {claim.measured.mean:.0%}" for says, claim in found.items() if claim)
    return _answer(
        "Not where the prompt shows the link",
        _claims(_checked(store, list(_EXCEPTIONS))),
        [f"held-out questions answered right: {told}"],
        list(_EXCEPTIONS),
    )


def _theory(store: Collected, statements: Kept | None) -> Answer:
    findings: Sequence[Finding] = statements.findings if statements else []
    section = store.section("theory-indices")
    claims = section.claims if section else []
    verdicts = [finding.verdict for finding in findings]
    told = []
    if findings:
        said = f"{verdicts.count('holds')} of {len(findings)} statements hold"
        if known := verdicts.count("fails (known)"):
            said += f", {known} {'is' if known == 1 else 'are'} known to fail"
        if failed := [f.about.name for f in findings if f.verdict == "fails"]:
            said += f", {len(failed)} fail: {', '.join(failed)}"
        told.append(said)
    if claims:
        held = sum(claim.holds for claim in claims)
        told.append(f"indices of theory and models: {held} of {len(claims)} claims hold")
    return Answer(
        question="Theory agrees",
        verdict=overall([*verdicts, *(claim.verdict for claim in claims)]),
        lines=told,
        grade=_letters([*(f.about.grade for f in findings), *(c.grade for c in claims)]),
        links=["statements", *(["theory-indices"] if section else [])],
        command="retrodict verify --fast",
    )


def _answer(
    question: str,
    claims: Sequence[Claim],
    lines: Sequence[str],
    links: Sequence[str],
    ours: bool = False,
    group: str = "",
) -> Answer:
    return Answer(
        question=question,
        verdict=overall([claim.verdict for claim in claims]),
        lines=lines if claims else [],
        grade=_letters([*(claim.grade for claim in claims), *(["O"] if ours else [])]),
        links=links,
        command=f"retrodict reproduce {group or ' '.join(links)}",
    )


def _letters(grades: Sequence[str]) -> str:
    """Return the grades that occur, best first.

    >>> _letters(["O", "S", "S"])
    'S O'
    """
    return " ".join(letter for letter in _GRADES if any(letter in grade for grade in grades))


def _checked(store: Collected, figures: Sequence[str]) -> list[FigureSection]:
    """The sections of these figures whose claims were checked."""
    return [s for name in figures if (s := store.section(name)) and s.claims]


def _claims(sections: Sequence[FigureSection]) -> list[Claim]:
    return [claim for section in sections for claim in section.claims]


def _run(store: Collected, figure: str) -> RunView | None:
    """The run behind a figure of one run."""
    section = store.section(figure)
    runs = section.runs if section and not section.problem else {}
    return next(iter(runs.values()), None)
