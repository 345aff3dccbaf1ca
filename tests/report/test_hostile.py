"""A store in which every free text is an attack: none of it becomes markup, a link or a command."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from retrodict.claims import Kept
from retrodict.cli._exit import run_cli
from retrodict.figures import DrawingRecord
from retrodict.report import answers, as_html, as_markdown, collect

pytestmark = pytest.mark.seconds

ATTACK = (
    '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">\'"&'
    "[x](javascript:window.hacked=1) ![y](http://evil) <a href='javascript:1'>z</a> `|` **b**"
    "\x1b]8;;http://evil\x07 \x1b[31m \x9b31m \u202e [bold red] [link=http://evil]w[/link] [/]"
)
RECORD = ("name", "statement", "grade", "predicted")
FINDING = ("name", "title", "words", "formula", "grade", "source", "testable", "compared")
FINDING += ("predicted", "grid", "known")


def rewrite(path: Path, change) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(change(content) or content), encoding="utf-8")


def attack(store: Path) -> None:
    """Write the attack into every text that nothing else checks."""

    def claims(content):
        content |= {"note": ATTACK, "code": ATTACK}
        content["runs"] = {ATTACK: next(iter(content["runs"].values()))}
        for claim in content["claims"]:
            claim |= dict.fromkeys(RECORD, ATTACK)
        content["claims"][0]["verdict"] = "fails"

    def findings(content):
        content |= {"command": ATTACK, "version": ATTACK}
        for finding in content["findings"]:
            finding |= dict.fromkeys(FINDING, ATTACK) | {"notes": [ATTACK]}
            finding["assumptions"] = [[ATTACK, False]]
            finding["parts"][0] |= {"what": ATTACK, "predicted": ATTACK}
        content["findings"][0]["verdict"] = "fails (known)"

    for name in ("fig1", "fig2", "fig3"):
        rewrite(store / f"{name}.json", claims)
    rewrite(store / "fig2.json", lambda content: content["runs"].update({ATTACK: ATTACK}))
    rewrite(store / "verify.json", findings)
    for run in store.glob("*-*-*/"):
        environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
        for one in environment["made_by"]:
            one |= dict.fromkeys(("processor", "platform", "python", "commit"), ATTACK)
            one["versions"] = {"retrodict": ATTACK, "torch": ATTACK, ATTACK: ATTACK}
        content = json.dumps(environment).encode()
        (run / "environment.json").write_bytes(content)
        checksum = {"environment.json": hashlib.sha256(content).hexdigest()}
        rewrite(run / "run.json", lambda state, c=checksum: state["sha256"].update(c))
        event = json.dumps({"time": ATTACK, "event": ATTACK, "seconds": 1, ATTACK: ATTACK})
        (run / "log.jsonl").write_text(event + "\n", encoding="utf-8")
    left_out = store / "[link=x]<script>window.hacked=1<"
    left_out.mkdir()
    (left_out / "run.json").write_text(json.dumps({"format": ATTACK}), encoding="utf-8")


@pytest.fixture
def attacked(store) -> Path:
    attack(store)
    return store


def test_the_page_has_no_element_that_we_did_not_write(attacked, elements):
    found, kept = collect(attacked), Kept.read(attacked / "verify.json")
    page = elements(as_html(found, kept, answers(found, kept)))
    assert "window.hacked=1</script>" in page.text
    assert {"iframe", "object", "base", "form", "link"}.isdisjoint(name for name, _ in page.found)
    kinds = [attributes.get("type") for name, attributes in page.found if name == "script"]
    assert kinds.count(None) == 1
    assert set(kinds) == {None, "application/json"}
    for name, attributes in page.found:
        assert not [key for key in attributes if key.startswith("on")]
        for key in ("href", "src"):
            allowed = ("#", "https://arxiv.org/", "data:image/")
            assert (attributes.get(key) or "#").startswith(allowed), (name, attributes)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", page.text)


def test_the_markdown_has_no_link_or_markup_that_we_did_not_write(attacked):
    found, kept = collect(attacked), Kept.read(attacked / "verify.json")
    document = as_markdown(found, kept, answers(found, kept), "pictures", {})
    assert "javascript:" in document
    assert not re.search(r"(?<!\\)\]\((?!#|pictures/)", document)  # a link's middle: ](
    assert "<script" not in document
    assert "<img" not in document
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", document)


def test_a_browser_runs_none_of_it(attacked, browser, tmp_path):
    found, kept = collect(attacked), Kept.read(attacked / "verify.json")
    path = tmp_path / "report.html"
    path.write_text(as_html(found, kept, answers(found, kept)), encoding="utf-8")
    browser.open(path)
    for name in ("fig1", "own"):
        browser.js(f"document.querySelector('#{name} .explorer').scrollIntoView()")
        browser.until(f"document.querySelector('#{name} .explorer path.mean') !== null")
    assert browser.js("typeof window.hacked") == "undefined"
    said = browser.seen("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    assert said == []


def test_a_terminal_is_told_nothing_but_text(attacked, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    runs = [str(path.parent) for path in sorted(attacked.glob("*-*-*/trace.nc"))]
    damaged = str(next(attacked.glob("*<script>*")))
    commands = [["show", runs[0]], ["compare", *runs[:2]], ["show", damaged]]
    for command in commands:
        code = run_cli(command)
        out, err = capsys.readouterr()
        assert code == (3 if "<script>" in command[1] else 0), err
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", out + err), command
        assert err.count("\n") == (code != 0)
        assert command != commands[0] or "[bold red]" in out.replace("\n", "")


@pytest.mark.parametrize(
    "name",
    ["../outside.png", "/etc/passwd", "a/../../outside.png", "..", "", "a\\b.png", "a\0b.png"],
)
def test_a_record_whose_drawings_lie_elsewhere_is_none(store, edit, name):
    edit("fig1", files={name: "0"})
    with pytest.raises(ValueError, match="leads out of the store"):
        DrawingRecord.read(store / "fig1.json")


def test_a_drawing_that_is_a_link_is_not_used(store, tmp_path):
    (store / "fig1.png").rename(tmp_path / "secret.png")
    (store / "fig1.png").symlink_to(tmp_path / "secret.png")
    section = collect(store).sections[0]
    assert section.picture is None
    assert "its drawing is missing" in section.problem


DEEP = "[" * 100_000
NUMBERS = ["1" * 400, "1e999", "-Infinity", "true", '"3"', "[]", "{}"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("key", ["margin", "mean", "learners"])
def test_odd_numbers_in_records_are_read_or_refused(store, key, number):
    path = store / "fig1.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(rf'("{key}"): [-\d.e]+', rf"\1: {number}", text), encoding="utf-8")
    found, kept = collect(store), Kept.read(store / "verify.json")
    assert as_html(found, kept, answers(found, kept))


@pytest.mark.parametrize("name", ["fig1.json", "verify.json"])
def test_records_that_are_deep_huge_links_or_pipes_are_refused(store, name, tmp_path):
    reader, path = (DrawingRecord if name == "fig1.json" else Kept), store / name
    shutil.copy(path, tmp_path / "good")
    for content in (DEEP, '{"format": ' + DEEP, '{"a": ' * 100_000, " " * (16 * 2**20 + 1)):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match=r"no record|no checked"):
            reader.read(path)
    path.unlink()
    path.symlink_to(tmp_path / "good")
    with pytest.raises(ValueError, match="symbolic link"):
        reader.read(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ValueError, match="it is not a regular file"):
        reader.read(path)


@pytest.mark.parametrize("seconds", ["1e999", "-1", "NaN", '"x"', "[1]", "1" * 400])
def test_a_log_with_odd_times_is_no_time(store, seconds):
    run = next(store.glob("pairs-*"))
    event = f'{{"time": "t", "event": "finished", "seconds": {seconds}}}\n'
    (run / "log.jsonl").write_text(event, encoding="utf-8")
    found = collect(store)
    assert {one.name: one.seconds for one in found.own}[run.name] is None
    assert as_html(found, None, answers(found, None))


def test_a_formula_that_is_none_of_ours_is_shown_as_text(store):
    for formula in ("x" * 501, "\\frac" * 90, "{" * 400, "\x1b", "é", "$", "^" * 300):
        rewrite(store / "verify.json", lambda c, f=formula: c["findings"][0].update({"formula": f}))
        found, kept = collect(store), Kept.read(store / "verify.json")
        assert as_html(found, kept, answers(found, kept))
