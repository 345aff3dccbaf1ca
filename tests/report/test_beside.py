"""What other commands wrote beside the runs: claims, statements, the leaderboard; their pages."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json

import numpy as np
import pytest

import retrodict
from retrodict.claims import Check, Evidence, Kept, at_least
from retrodict.cli._exit import run_cli
from retrodict.leaderboard import HEAD, Board, Row, legend
from retrodict.leaderboard import write as write_board
from retrodict.measures import Interval, share_of
from retrodict.papers import Source
from retrodict.report import (
    Sheet,
    answers,
    as_html,
    as_markdown,
    board_as_html,
    collect,
    facts,
)
from retrodict.report._statements import as_html as statements_as_html
from retrodict.runs import Store

pytestmark = pytest.mark.seconds

NESTED: list = []
for _ in range(600):
    NESTED = [NESTED]
EVIL = "</script><img src=x onerror=alert(2)>"


def kept(value: float = 2.0, words: str = "A claim.") -> Kept:
    measured = Interval(value, value - 0.1, float("nan"), 10)
    claim = Check(
        name="numbers",
        title="Numbers",
        words=words,
        source=Source("Ada, Bob, Cyn", 2026, "2602.02470"),
        grade="S",
        setting="theirs",
        testable="at least 1",
        check=lambda effort: Evidence([at_least("x", "x", "S", measured, 1.0, 0.0)], seeds=[0]),
    )
    version = retrodict.__version__
    return Kept([claim.examine()], False, "retrodict verify --published", version, "abc")


def board(title: str = "next token") -> Board:
    one = Interval(1.0, 0.9, 1.0, 3)
    intervals = {name: one for name, kind in Row.__annotations__.items() if kind == "Interval"}
    row = Row(
        recipe="plain",
        title=title,
        source="S",
        column="reversal",
        is_bound=False,
        is_long=False,
        at="updates",
        verdict="broken",
        is_split=False,
        accuracies=(1.0, 1.0, 1.0),
        solved=share_of(np.array([True, True, False])),
        steps_to_solve=float("nan"),
        never=3,
        steps=10,
        tokens=100,
        operations=1e6,
        seconds=None,
        run="reversal-transformer-0",
        **intervals,
    )
    return Board([row], "retrodict leaderboard plain")


def test_every_column_is_explained_and_every_mark_where_it_stands():
    (plain,) = board().rows
    weak = dataclasses.replace(plain.forward_accuracy, mean=0.5)
    marked = dataclasses.replace(plain, is_bound=True, is_split=True, forward_accuracy=weak)
    assert list(legend([plain])) == list(HEAD)
    assert list(legend([plain, marked])) == [*HEAD, "split", "†", "*"]
    assert "<b>echo</b>: share of answers" in board_as_html(board())
    assert "<b>*</b>" not in board_as_html(board())


def written(store) -> str:
    found = collect(store)
    return as_html(found, None, answers(found, None))


def test_checked_claims_are_read_back_as_they_were(tmp_path):
    before = kept(0.5)
    before.write(tmp_path / "published.json")
    after = Kept.read(tmp_path / "published.json", published=True)
    after.write(tmp_path / "again.json")
    written = [(tmp_path / name).read_text("utf-8") for name in ("published.json", "again.json")]
    assert written[0] == written[1]  # NaN is no equal of NaN
    assert after.findings[0].verdict == "not reproduced at this scale"


def test_a_file_of_the_other_kind_is_refused(store):
    kept().write(store / "published.json")
    with pytest.raises(ValueError, match=r"no checked statements: .* another kind"):
        Kept.read(store / "published.json")
    with pytest.raises(ValueError, match=r"no checked published claims: .* another kind"):
        Kept.read(store / "verify.json", published=True)


def test_nothing_is_said_where_nothing_was_checked(store):
    page = written(store)
    assert 'id="published"' not in page
    assert 'id="leaderboard"' not in page
    found = collect(store)
    assert facts(found, None, answers(found, None), store, 0)["published"] is None


def test_both_stand_in_the_report(store, elements):
    kept().write(store / "published.json")
    write_board(board(), Store(store))
    page = elements(written(store))
    ids = [found.get("id") for _, found in page.found]
    assert {"published", "published-numbers", "leaderboard"} <= set(ids)
    assert "retrodict verify --published" in page.text
    assert "▲\u00a0broken" in page.text
    assert "never" in page.text
    found = collect(store)
    told = as_markdown(found, None, answers(found, None), "figures", {})
    assert "## Published claims, checked" in told
    assert "Ada et al. 2026, arXiv 2602.02470 (S)" in told
    machine = facts(found, None, answers(found, None), store, 0)["published"]
    assert machine["verdicts"] == {"numbers": "reproduced"}


def test_hostile_text_in_them_stays_text(store, elements):
    kept(words=EVIL).write(store / "published.json")
    write_board(board(title=EVIL), Store(store))
    page = elements(written(store))
    assert EVIL in page.text
    assert not [name for _, found in page.found for name in found if name.startswith("on")]


@pytest.mark.parametrize("name", ["published", "leaderboard"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: "{",
        lambda content: "[]",
        lambda content: json.dumps({**content, "findings": NESTED, "rows": NESTED}),
        lambda content: json.dumps({**content, "format": 99}),
        lambda content: json.dumps({**content, "findings": [{}], "rows": [{}]}),
        lambda content: json.dumps({**content, "command": None, "findings": 3, "rows": 3}),
    ],
)
def test_one_that_cannot_be_used_is_said_to_be(store, name, spoil):
    kept().write(store / "published.json")
    write_board(board(), Store(store))
    path = store / f"{name}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(spoil(content), encoding="utf-8")
    page = written(store)
    assert page.count("Cannot be used: ") == 1
    found = collect(store)
    assert as_markdown(found, None, answers(found, None), "figures", {})


@pytest.mark.parametrize("name", ["published", "leaderboard"])
def test_verifying_a_store_notices_a_newer_and_a_damaged_one(store, capsys, name):
    def verify() -> int:
        return run_cli(["runs", "verify", "--out", str(store)])

    kept().write(store / "published.json")
    write_board(board(), Store(store))
    path = store / f"{name}.json"
    assert verify() == 0
    for damaged in ('{"format": 99}', "{"):
        path.write_text(damaged, encoding="utf-8")
        capsys.readouterr()
        assert verify() != 0
        assert path.name in capsys.readouterr().out


def test_a_claim_that_is_not_as_recorded_looks_like_a_failure_and_gives_exit_code_1(store, capsys):
    before = run_cli(["report", "--store", str(store), "--out", str(store / "r.html")])
    kept(0.5).write(store / "published.json")
    assert before == 0
    assert run_cli(["report", "--store", str(store), "--out", str(store / "r.html")]) == 1
    page = (store / "r.html").read_text(encoding="utf-8")
    section = page[page.index('id="published"') :]
    assert 'class="chip fails"' in section[: section.index("</table>")]
    assert "by another version of the code" in section


ATTACK = (
    "</script></style></details>--><script>window.hacked=1</script><img src=x onerror=1>'\"&\x1b"
)
SORTED = "[...document.querySelectorAll('tbody th')].map((one) => one.textContent).join()"


def statements_page(store) -> str:
    findings = Kept.read(store / "verify.json").findings
    about = dataclasses.replace(findings[0].about, title=ATTACK, words=ATTACK, formula=ATTACK)
    odd = dataclasses.replace(findings[0], about=about)
    return statements_as_html(Sheet([odd, *findings[1:]], ATTACK, published=False))


def published_page(store) -> str:
    return statements_as_html(Sheet(kept(words=ATTACK).findings, ATTACK, published=True))


def leaderboard_page(store) -> str:
    return board_as_html(dataclasses.replace(board(title=ATTACK), command=ATTACK))


PAGES = [statements_page, published_page, leaderboard_page]


@pytest.mark.parametrize("write", PAGES)
def test_a_page_needs_nothing_and_may_load_nothing(write, store, elements):
    page = elements(write(store))
    shown = ATTACK.replace("\x1b", "\\x1b")
    assert shown in page.text or any(shown in (a.get("title") or "") for _, a in page.found)
    policy = next(a["content"] for _, a in page.found if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; img-src data:;")
    for script in page.scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in policy
    for _, attributes in page.found:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
        assert (attributes.get("src") or "data:image/").startswith("data:image/")


@pytest.mark.parametrize("write", PAGES)
def test_a_phone_never_scrolls_sideways(write, store, browser, tmp_path):
    (tmp_path / "page.html").write_text(write(store), encoding="utf-8")
    browser.open(tmp_path / "page.html", width=360, height=740)
    assert browser.js("document.documentElement.scrollWidth") == 360
    assert browser.js("typeof window.hacked") == "undefined"
    assert browser.seen("Runtime.exceptionThrown", "Log.entryAdded") == []


def test_a_head_sorts_by_click_and_by_key_and_the_next_time_the_other_way(browser, tmp_path):
    one = board().rows[0]
    rows = [dataclasses.replace(one, recipe=name, never=0) for name in ("b", "a")]
    both = dataclasses.replace(board(), rows=rows)
    (tmp_path / "page.html").write_text(board_as_html(both), encoding="utf-8")
    browser.open(tmp_path / "page.html")
    assert browser.js(SORTED) == "a,b"
    head = "document.querySelector('thead th')"
    browser.js(f"{head}.focus()")
    browser.press("Enter")
    assert (browser.js(SORTED), browser.js(f"{head}.ariaSort")) == ("a,b", "ascending")
    browser.js(f"{head}.click()")
    assert (browser.js(SORTED), browser.js(f"{head}.ariaSort")) == ("b,a", "descending")
