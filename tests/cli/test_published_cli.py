"""`retrodict verify --published`: exit codes, files, JSON, runs, bad names."""

from __future__ import annotations

import json

import pytest

from retrodict.claims import Check, Evidence, at_least, at_most
from retrodict.cli import _checks
from retrodict.errors import BadInput
from retrodict.launch._launcher import Local
from retrodict.measures import Interval, final_values
from retrodict.papers import OURS, Source

pytestmark = pytest.mark.seconds


def numerical(value: float, **options) -> Check:
    measured = Interval(value, value - 0.1, value + 0.1, 10)
    return Check(
        name="numbers",
        title="[bold]Numbers",
        words="A [claim].",
        source=Source("Ada, Bob", 2026),
        grade="S",
        setting="theirs",
        testable="at least 1",
        check=lambda effort: Evidence([at_least("x", "x [y]", "S", measured, 1.0, 0.0)]),
        **options,
    )


def trained(experiment) -> Check:
    def judge(runs):
        nll = final_values(runs["plain"].trace)[0].nll
        return Evidence([at_most("nll", "taught NLL", "O", nll, 100.0)], seeds=[0, 1, 2])

    return Check(
        name="trained",
        title="Trained",
        words="A claim about a run.",
        source=OURS,
        grade="O",
        setting="ours",
        testable="at most 100 nats",
        experiments=lambda scale: {"plain": experiment},
        judge=judge,
    )


@pytest.fixture
def claims(monkeypatch):
    def use(*published: Check) -> None:
        monkeypatch.setattr(_checks, "PUBLISHED", published)

    return use


def test_claims_are_checked_and_written_down(command, claims, tiny, tmp_path):
    claims(numerical(2.0), trained(tiny))
    code, out, _ = command("verify", "--published", "--out", tmp_path / "s")
    assert code == 0
    assert out.count("reproduced") == 2
    assert "Ada, Bob 2026" in " ".join(out.split())
    for name in ("published.md", "published.html", "published.json"):
        assert str(tmp_path / "s" / name) in out.replace("\n", "")
        assert (tmp_path / "s" / name).stat().st_size
    kept = json.loads((tmp_path / "s" / "published.json").read_text(encoding="utf-8"))
    assert kept["format"] == 1
    assert kept["command"] == "retrodict verify --published"
    (run,) = (tmp_path / "s").glob("*/run.json")
    assert kept["findings"][1]["runs"] == {"plain": run.parent.name}
    assert command("runs", "verify", "--out", tmp_path / "s")[0] == 0


def test_a_second_time_nothing_is_trained(command, claims, tiny, tmp_path):
    claims(trained(tiny))
    command("verify", "--published", "--out", tmp_path)
    (run,) = tmp_path.glob("*/trace.nc")
    before = run.stat().st_mtime_ns
    assert command("verify", "--published", "trained", "--out", tmp_path)[0] == 0
    assert run.stat().st_mtime_ns == before


def test_json_is_a_list_of_findings(command, claims):
    claims(numerical(2.0), numerical(0.5))
    code, out, _ = command("verify", "--published", "numbers", "--json")
    (found,) = json.loads(out)
    assert code == 1  # the later of one name
    assert found["verdict"] == "not reproduced at this scale"
    assert found["deciding"]["measured"] == {"mean": 0.5, "low": 0.4, "high": 0.6, "learners": 10}
    keys = {"name", "authors", "year", "arxiv", "grade", "setting", "testable", "ours", "known"}
    assert keys <= set(found)


@pytest.mark.parametrize(
    ("value", "options", "code", "says"),
    [
        (2.0, {}, 0, "reproduced"),
        (0.5, {}, 1, "not reproduced at this scale: x [y]"),
        (-1.0, {}, 1, "contradicted: x [y]"),
        (0.5, {"known": "because"}, 0, "(known)"),
        (-1.0, {"known": "because"}, 1, "contradicted: x [y]"),
        (-1.0, {"known": "because", "known_outcome": "contradicted"}, 0, "(known)"),
        (2.0, {"known": "because"}, 0, "reproduced"),
    ],
)
def test_the_exit_code_says_whether_all_is_as_recorded(
    command, claims, tmp_path, value, options, code, says
):
    claims(numerical(value, **options))
    found, out, _ = command("verify", "--published", "--out", tmp_path)
    assert found == code
    assert says in " ".join(out.split())


def test_one_claim_is_told_with_all_it_has_and_writes_nothing(command, claims, tiny, tmp_path):
    claims(numerical(2.0), trained(tiny))
    code, out, _ = command("verify", "--published", "numbers", "--out", tmp_path / "s")
    assert code == 0
    for text in ("A [claim].", "[bold]Numbers", "setting: theirs", "tested as: at least 1"):
        assert text in out
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("name", ["masked-encodr", "theorem-1"])
def test_an_unknown_claim_is_bad_input(command, tmp_path, name):
    code, out, err = command("verify", "--published", name, "--out", tmp_path / "s")
    assert (code, out) == (2, "")
    assert f"{name}: no published claim of that name; " in err
    assert ("did you mean 'masked-encoder'?" in err) == (name == "masked-encodr")
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "s").exists()


def test_list_names_the_claims(command):
    found = json.loads(command("list", "--json")[1])["published claims"]
    names = [claim["name"] for claim in found]
    assert names == [claim.name for claim in _checks.PUBLISHED]
    assert len(names) == len(set(names)) >= 10


def test_a_launcher_is_for_trainings(command, tmp_path):
    code, _, err = command("verify", "--launcher", "ray", "--out", tmp_path)
    assert code == 2
    assert "add --published" in err
    assert len(err.strip().splitlines()) == 1


def test_trainings_go_where_the_launcher_says(command, claims, tiny, tmp_path, monkeypatch):
    claims(trained(tiny))
    seen = []

    def run_named(wanted, store, reporter, launcher):
        seen.append(launcher)
        raise BadInput("enough")

    monkeypatch.setattr(_checks, "run_named", run_named)
    elsewhere = Local()
    monkeypatch.setattr("retrodict.launch.launcher_named", lambda *asked: elsewhere)
    code, _, _ = command("verify", "--published", "--launcher", "ray", "--out", tmp_path)
    assert code == 2
    assert [asked.launcher for asked in seen] == [elsewhere]
