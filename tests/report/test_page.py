"""The page as text: nothing from a store becomes markup, nothing is loaded, nothing is twice."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib

import numpy as np
import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

import retrodict
from retrodict.claims import Kept
from retrodict.report import _embedded, answers, as_html, collect, headline
from retrodict.report._encoding import MISSING, pack_curve, thinned
from retrodict.report._headline import Answer
from retrodict.report._render import _environment, json_script

EVIL = "</script></style></details>--><script>alert(1)</script><img src=x onerror=alert(2)>'\"&"


def written(store) -> str:
    found, kept = collect(store), Kept.read(store / "verify.json")
    return as_html(found, kept, answers(found, kept))


def test_hostile_text_stays_text(store, edit, elements):
    record = json.loads((store / "fig1.json").read_text(encoding="utf-8"))
    claims = [
        {**claim, "name": EVIL, "statement": EVIL, "grade": EVIL, "predicted": EVIL}
        for claim in record["claims"]
    ]
    claims[0]["verdict"] = "fails"
    edit("fig1", note=EVIL, claims=claims, runs={EVIL: record["runs"]["reversal"]}, code=EVIL)
    edit("fig2", runs={EVIL: EVIL})
    (store / "fig3.json").write_text(f'{{"format": "{EVIL}', encoding="utf-8")
    kept = json.loads((store / "verify.json").read_text(encoding="utf-8"))
    for name in ("name", "title", "words", "formula", "grade", "source", "known", "grid"):
        kept["findings"][0][name] = EVIL
    kept["findings"][0]["notes"] = [EVIL]
    (store / "verify.json").write_text(json.dumps(kept), encoding="utf-8")
    run = next(store.glob("reversal-*"))
    environment = {"processor": EVIL, "versions": {EVIL: EVIL}}
    (run / "environment.json").write_text(json.dumps(environment), encoding="utf-8")

    page = elements(written(store))
    assert EVIL in page.text
    kinds = [attributes.get("type") for name, attributes in page.found if name == "script"]
    assert kinds.count(None) == 1  # ours; the others are data
    assert set(kinds) == {None, "application/json"}
    assert not [name for _, found in page.found for name in found if name.startswith("on")]
    images = [found["src"] for name, found in page.found if name == "img"]
    assert all(source.startswith("data:image/") for source in images)
    for script, kind in zip(page.scripts, kinds, strict=True):
        assert kind is None or json.loads(script) is not None


def test_titles_inside_a_trace_stay_text(store, elements):
    """Group and panel names come from a file too."""
    found = collect(store)
    section = found.sections[0]
    run = section.runs["reversal"]
    chart = json.loads(json.dumps(run.chart))
    chart["curves"][0]["label"] = EVIL
    evil = dataclasses.replace(run, name=EVIL, chart=chart)
    odd = dataclasses.replace(
        found, sections=[dataclasses.replace(section, runs={EVIL: evil})], own=[evil]
    )
    page = elements(as_html(odd, None, answers(odd, None)))
    data = [json.loads(s) for s in page.scripts if '"curves"' in s and s.startswith("{")]
    assert data[0]["curves"][0]["label"] == EVIL
    assert [name for name, _ in page.found].count("script") == len(page.scripts)


def test_nothing_is_loaded_from_anywhere(store, elements):
    page = elements(written(store))
    for name, attributes in page.found:
        for key in ("src", "href", "data", "action", "srcset", "poster"):
            address = attributes.get(key) or ""
            if name == "a" and key == "href":
                assert address.startswith(("#", "https://arxiv.org/"))
            else:
                assert address.startswith("data:") or not address
    policy = next(a["content"] for _, a in page.found if "http-equiv" in a)
    assert "default-src 'none'" in policy
    assert "@import" not in written(store)
    assert "url(" not in written(store)


def test_a_run_of_two_figures_is_embedded_once(store, elements):
    page = elements(written(store))
    ids = [found["id"] for name, found in page.found if name == "script" and "id" in found]
    assert ids[:5] == ["t-quantiles", "run-r0", "weights-r0", "run-r1", "weights-r1"]
    assert ids[5:] == ["run-r2", "run-r3"]
    shown = [json.loads(found["data-runs"]) for _, found in page.found if "data-runs" in found]
    assert [one[0]["id"] for one in shown] == ["r0", "r0", "r1", "r2"]


def test_the_budget_for_weights_leaves_out_learners_evenly(store, monkeypatch):
    runs = collect(store).runs
    sizes = [len(m.learners[0][2]) for run in runs.values() if (m := run.matrices)]
    assert set(_embedded.shared_out(runs).values()) == {3}
    monkeypatch.setattr(_embedded, "WEIGHTS_BUDGET", int(sum(sizes) * 1.2))
    assert set(_embedded.shared_out(runs).values()) == {1}
    monkeypatch.setattr(_embedded, "WEIGHTS_BUDGET", 0)
    assert _embedded.shared_out(runs) == {}
    assert "weights-r0" not in written(store)


def test_curves_over_the_budget_are_left_out_and_that_is_said(store, monkeypatch):
    monkeypatch.setattr(_embedded, "CURVES_BUDGET", 0)
    page = written(store)
    assert "Curves left out of 1 of 1 runs" in page
    assert "data-runs" not in page


def test_budgets_keep_the_page_under_15_MB():
    """Drawings of 30 figures take under 5 MB; what is left is for curves and weights."""
    assert _embedded.WEIGHTS_BUDGET + _embedded.CURVES_BUDGET < 10_000_000


def test_curves_come_back_to_a_part_in_65534(store):
    values = np.array([[0.0, 1.0, np.nan], [np.inf, 9.9, 3.3]])
    packed = pack_curve(values)
    codes = np.frombuffer(base64.b64decode(packed["data"]), "<u2").reshape(2, 3)
    back = np.where(codes == MISSING, np.nan, packed["low"] + packed["step"] * codes)
    wanted = np.where(np.isfinite(values), values, np.nan)
    np.testing.assert_allclose(back, wanted, atol=9.9 / 65534)
    assert pack_curve(np.full((1, 2), np.nan))["data"] == "/////w=="


def test_weights_come_back_to_half_a_step(store):
    run = collect(store).sections[0].runs["reversal"]
    trace = retrodict.open_run(store / run.name).trace
    assert run.matrices is not None
    step = run.matrices.head["variants"][0]["step"]
    codes = np.frombuffer(zlib.decompress(base64.b64decode(run.matrices.learners[1][2])), np.int8)
    first = next(iter(trace.weights.values()))["entity_only"].values[1, 0]
    np.testing.assert_allclose(
        codes[: first.size].reshape(first.shape) * step, first, atol=0.51 * step
    )


def test_long_runs_are_thinned_but_keep_first_last_and_snapshots():
    at = thinned(3001, [1234])
    assert at[0] == 0
    assert at[-1] == 3000
    assert 1234 in at
    assert len(at) <= 161


def test_the_first_screen_answers_with_numbers(store):
    found, kept = collect(store), Kept.read(store / "verify.json")
    told = answers(found, kept)
    assert all(isinstance(answer, Answer) for answer in told)
    verdicts = [answer.verdict for answer in told]
    assert verdicts == ["holds", "holds", "holds", "not measured", "not measured", "holds"]
    line = headline(found, told)
    assert line.startswith("At smoke scale the curse appears.")
    assert "0.02 nats" in line
    assert "2 of 2 statements hold" in line
    assert told[3].command == "retrodict reproduce all"


@pytest.mark.parametrize(("failing", "says"), [(0, "Undecided in this"), (1, "Not as claimed")])
def test_a_failing_claim_is_told_first(store, edit, failing, says):
    record = json.loads((store / "fig1.json").read_text(encoding="utf-8"))
    record["claims"][failing].update(verdict="fails", margin=-0.5)
    edit("fig1", claims=record["claims"])
    found = collect(store)
    assert headline(found, answers(found, None)).startswith(says)
    page = written(store)
    assert "1 of 2 claims fail at this scale" in page
    assert "short by 0.5" in page


def test_a_store_of_ones_own_runs_has_no_answer_but_a_page(store):
    for path in store.glob("fig*"):
        path.unlink()
    found = collect(store)
    told = answers(found, None)
    assert headline(found, told).startswith("Whether the curse appears is not measured")
    assert {answer.verdict for answer in told} == {"not measured"}
    assert "Experiments of your own" in as_html(found, None, told)


def test_attributes_and_scripts_are_escaped():
    element = _environment().from_string('<a title="{{ title }}">{{ text }}</a>')
    assert element.render(title='"', text="<") == '<a title="&#34;">&lt;</a>'
    assert element.render(title="", text=Markup("<b>")) == '<a title=""><b></a>'
    assert "</script><" not in json_script("</script><!--", "x")
    assert "<!--" not in json_script("<!--", "x")
    script = '<script type="application/json" id="x">{"x":null}</script>'
    assert json_script({"x": float("nan")}, "x") == script


def test_a_name_that_a_template_misspells_is_an_error():
    with pytest.raises(UndefinedError):
        _environment().from_string("{{ nothing }}").render()
