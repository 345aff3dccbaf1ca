"""The page in a real headless Chromium: it loads, can be moved by keyboard, and fits a phone."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retrodict.claims import Kept
from retrodict.report import answers, as_html, collect

pytestmark = pytest.mark.seconds

EXPLORER = "document.querySelector('#fig2 .explorer')"
SLIDER = f"{EXPLORER}.querySelector('input[type=range]')"
CANVAS = f"{EXPLORER}.querySelectorAll('canvas')[0]"
PIXELS = f"{CANVAS}.getContext('2d').getImageData(0, 0, {CANVAS}.width, {CANVAS}.height).data"
LABEL = f"{EXPLORER}.querySelector('output.epoch').textContent"
CURSOR = f"{EXPLORER}.querySelector('path.moment')"


@pytest.fixture(scope="module")
def page(template, tmp_path_factory) -> Path:
    store = collect(template)
    kept = Kept.read(template / "verify.json")
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(as_html(store, kept, answers(store, kept)), encoding="utf-8")
    return path


def painted(browser) -> str:
    """The first matrix's pixels, once it is painted."""
    browser.until(f"{PIXELS}.some((value) => value > 0)")
    found: str = browser.js(f"Array.from({PIXELS}).join()")
    return found


def test_it_loads_without_a_word_on_the_console_and_asks_the_network_for_nothing(browser, page):
    browser.open(page)
    for name in ("fig1", "fig2", "fig3", "own"):
        browser.js(f"document.querySelector('#{name} .explorer').scrollIntoView()")
        browser.until(f"document.querySelector('#{name} .explorer path.mean') !== null")
    said = browser.seen("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    assert said == []
    asked = [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")]
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]


def test_arrow_keys_on_the_slider_change_matrix_label_and_cursor(browser, page):
    browser.open(page)
    browser.js(f"{EXPLORER}.scrollIntoView()")
    browser.until(f"{EXPLORER}.querySelector('path.mean') !== null")
    before, place = painted(browser), browser.js(f"{CURSOR}.getAttribute('d')")
    assert browser.js(LABEL) == "epoch 12"
    browser.js(f"{SLIDER}.focus()")
    browser.press("ArrowLeft")
    browser.until(f"{LABEL} === 'epoch 6'")
    browser.until(f"Array.from({PIXELS}).join() !== {before!r}")
    assert browser.js(f"{CURSOR}.getAttribute('d')") != place
    assert browser.js(f"{SLIDER}.getAttribute('aria-valuetext')") == "epoch 6"
    middle = painted(browser)
    browser.press("Home")
    browser.until(f"{LABEL} === 'epoch 0'")
    browser.until(f"Array.from({PIXELS}).join() !== {middle!r}")


def test_the_matrix_shows_the_very_weights_of_the_run(browser, page, template):
    """Reddest where the trace's last weights are largest, at full strength."""
    import retrodict

    record = collect(template).section("fig2")
    (run,) = record.runs.values()
    panels = retrodict.open_run(template / run.name).trace.weights
    first = next(iter(panels.values()))["entity_only"].isel(learner=0, snapshot=-1).values
    browser.open(page)
    browser.js(f"{EXPLORER}.scrollIntoView()")
    painted(browser)
    size = browser.js(f"[{CANVAS}.height, {CANVAS}.width]")
    assert size == list(first.shape)
    shown = np.array(browser.js(f"Array.from({PIXELS})")).reshape(*size, 4)
    warmth = shown[..., 0].astype(float) - shown[..., 2]
    assert np.corrcoef(warmth.ravel(), first.ravel())[0, 1] > 0.9


def test_a_toggle_hides_its_curve_and_a_learner_its_line(browser, page):
    browser.open(page)
    browser.js(f"{EXPLORER}.scrollIntoView()")
    curves = f"{EXPLORER}.querySelectorAll('g.curve').length"
    lines = f"{EXPLORER}.querySelectorAll('path.learner').length"
    browser.until(f"{curves} === 5")
    assert browser.js(lines) == 15
    browser.js(f"{EXPLORER}.querySelector('input[type=checkbox]').focus()")
    browser.press(" ")
    browser.until(f"{curves} === 4")
    browser.js(f"{EXPLORER}.querySelector('.learners button').focus()")
    browser.press(" ")
    browser.until(f"{lines} === 8")


def test_the_cursor_moves_by_keyboard_and_tells_values(browser, page):
    browser.open(page)
    browser.js(f"{EXPLORER}.scrollIntoView()")
    browser.until(f"{EXPLORER}.querySelector('path.mean') !== null")
    browser.js(f"{EXPLORER}.querySelector('svg').focus()")
    head = f"{EXPLORER}.querySelector('.legend-table thead').textContent"
    values = f"{EXPLORER}.querySelector('.legend-table tbody').textContent"
    end = browser.js(values)
    browser.press("Home")
    browser.until(f"{head}.endsWith('epoch 0')")
    assert browser.js(values) != end
    assert browser.js(f"{EXPLORER}.querySelectorAll('path.cursor').length") == 1


def test_cells_are_read_by_keyboard(browser, page):
    browser.open(page)
    browser.js(f"{EXPLORER}.scrollIntoView()")
    painted(browser)
    browser.js(f"{CANVAS}.focus()")
    browser.press("ArrowRight")
    readout = f"{EXPLORER}.querySelector('.readout').textContent"
    browser.until(f"{readout}.includes('source 0 → target 0, the right answer: logit')")
    browser.press("ArrowRight")
    browser.until(f"{readout}.includes('source 0 → target 1: logit')")


def test_another_run_is_chosen(browser, page):
    browser.open(page)
    own = "document.querySelector('#own .explorer')"
    browser.js(f"{own}.scrollIntoView()")
    line = f"{own}.querySelector('path.mean').getAttribute('d')"
    browser.until(f"{own}.querySelector('path.mean') !== null")
    before = browser.js(line)
    browser.js(f"{own}.querySelector('select').focus()")
    browser.press("ArrowDown")
    browser.until(f"{line} !== {before!r}")


def test_theory_lies_over_a_run_of_an_analysed_model(browser, page):
    browser.open(page)
    own = "document.querySelector('#own .explorer')"
    browser.js(f"{own}.scrollIntoView()")
    browser.until(f"{own}.querySelectorAll('g.theory path').length > 0")
    browser.js(f"[...{own}.querySelectorAll('input[type=checkbox]')].at(-1).click()")
    browser.until(f"{own}.querySelectorAll('g.theory').length === 0")


def test_a_phone_never_scrolls_sideways(browser, page):
    browser.open(page, width=360, height=740)
    browser.js("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    browser.js(f"{EXPLORER}.scrollIntoView()")
    browser.until(f"{EXPLORER}.querySelector('path.mean') !== null")
    assert browser.js("document.documentElement.scrollWidth") == 360
    assert browser.js("document.documentElement.clientWidth") == 360


def test_dark_is_dark_and_light_is_light(browser, page):
    corners = {}
    for scheme in ("light", "dark"):
        browser.open(page, prefers_color_scheme=scheme)
        shot = np.asarray(Image.open(io.BytesIO(browser.picture())).convert("L"))
        assert shot.std() > 5  # there is text on it
        corners[scheme] = int(shot[5, 5])
    assert corners["light"] > 240
    assert corners["dark"] < 40


def test_the_first_screen_holds_headline_and_verdicts(browser, page):
    browser.open(page)
    bottom = "document.querySelector('table.answers').getBoundingClientRect().bottom"
    assert browser.js(bottom) < 800


def test_in_print_details_are_open_and_controls_are_gone(browser, page):
    browser.open(page)
    browser("Emulation.setEmulatedMedia", media="print")
    browser.js("dispatchEvent(new Event('beforeprint'))")
    assert browser.js("document.querySelectorAll('details:not([open])').length") == 0
    hidden = f"getComputedStyle({EXPLORER}).display"
    assert browser.js(hidden) == "none"
    browser.js("dispatchEvent(new Event('afterprint'))")
    assert browser.js("document.querySelectorAll('details[open]').length") == 0
    browser("Emulation.setEmulatedMedia", media="")


def test_without_scripts_plots_and_tables_are_there(browser, page):
    browser("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.load(page)
        shot = browser.picture()
    finally:
        browser("Emulation.setScriptExecutionDisabled", value=False)
    assert np.asarray(Image.open(io.BytesIO(shot)).convert("L")).std() > 5
    text = page.read_text(encoding="utf-8")
    assert text.count('<img src="data:image/png') == 3
    assert "<noscript>" in text
