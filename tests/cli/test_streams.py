"""What is said never ends what is done: streams that are closed, full, gone, or lack letters."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from retrodict.cli._console import Console
from retrodict.cli._exit import exit_code_of, run_cli
from retrodict.cli._streams import Stream, steadied
from retrodict.cli._tables import ruled_table, words
from retrodict.runs import Store

pytestmark = pytest.mark.seconds

NEEDS_FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
TALKATIVE = """
from retrodict.cli import _progress, main
_progress._LINE_SECONDS = -1.0  # a line at every word of the training
main()
"""


def shell(redirection: str, *command: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    """Call Python with arguments, with its streams redirected as a shell does."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **surroundings},
    )


def test_a_training_goes_on_when_nobody_reads_its_stderr(tiny_yaml, tmp_path):
    ours, theirs = os.pipe()
    os.close(ours)
    command = ["run", str(tiny_yaml), "--set", "training.threads=1", "--out", str(tmp_path / "s")]
    done = subprocess.run(
        [sys.executable, "-c", TALKATIVE, *command], stderr=theirs, stdout=theirs, check=False
    )
    os.close(theirs)
    assert done.returncode == 0
    (run,) = Store(tmp_path / "s").runs()
    assert run.finished


HELP = ("-m", "retrodict", "--help")


@pytest.mark.parametrize(
    ("redirection", "code", "says"),
    [
        (">&-", 0, "stdout is closed"),
        pytest.param(">/dev/full", 3, "No space left on device", marks=NEEDS_FULL),
        ("2>&-", 0, ""),
        pytest.param("2>/dev/full", 0, "", marks=NEEDS_FULL),
        ("<&- >&- 2>&-", 0, ""),
    ],
)
def test_streams_that_are_closed_or_full_end_in_one_line_at_most(redirection, code, says):
    done = shell(redirection, *HELP)
    assert done.returncode == code
    assert says in done.stderr
    assert done.stderr.count("\n") == bool(says)


def test_a_reader_that_has_seen_enough_is_no_failure():
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "wb") as pipe:
        command = [sys.executable, *HELP]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_is_spelt_in_the_letters_there_are():
    done = shell("", *HELP, PYTHONIOENCODING="ascii", PYTHONWARNINGS="error")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "A -> B know about B <- A" in " ".join(done.stdout.split())


def test_a_file_that_is_opened_does_not_take_the_place_of_a_closed_stream():
    code = (
        "import os; from retrodict.cli._streams import hold_descriptors; hold_descriptors(); "
        "raise SystemExit(os.open(os.devnull, os.O_RDONLY))"
    )
    assert shell("<&- >&- 2>&-", "-c", code).returncode > 2


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Call something with stdout in a file of an encoding; return what is in it."""

    def write(encoding: str, errors: str, work) -> str:
        path = tmp_path / "stdout"
        with open(path, "w", encoding=encoding, errors=errors) as file:
            monkeypatch.setattr(sys, "stdout", file)
            assert exit_code_of(work) == 0
        return path.read_text(encoding=encoding)

    return write


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "gbk", "utf-16"])
@pytest.mark.parametrize("errors", ["strict", "surrogateescape", "replace"])
def test_json_is_one_document_in_any_encoding(written, encoding, errors):
    from retrodict.cli._streams import print_json

    content = {"Übung": "→ ± τ ⇝ 実験 🧪"}
    assert json.loads(written(encoding, errors, lambda: print_json(content))) == content


def test_letters_that_an_encoding_lacks_are_spelt(written):
    said = written("ascii", "strict", lambda: print("A → B, 1 ± 2, τ Θ, é"))
    assert said == "A -> B, 1 +- 2, tau Theta, \\u00e9\n"


def test_letters_are_treated_as_somebody_has_asked(written):
    assert written("ascii", "replace", lambda: print("→")) == "?\n"


def test_a_stream_that_is_not_there_takes_everything(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert run_cli(["--help"]) == 0
    assert run_cli(["nothing"]) == 2
    assert sys.stdout is None


def test_streams_are_left_as_they_were_found(capsys):
    before = sys.stdout, sys.stderr
    assert run_cli(["--help"]) == 0
    assert (sys.stdout, sys.stderr) == before


def test_a_pipe_that_somebody_made_non_blocking_gets_all(tmp_path):
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    file = os.fdopen(theirs, "w", encoding="utf-8")
    stream = steadied(file)
    reader = subprocess.Popen(
        [sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"],
        stdin=ours,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(ours)
    stream.write("x" * 300_000)
    stream.flush()
    file.close()
    assert reader.communicate()[0] == "300000\n"


@pytest.mark.parametrize("buffering", [0, -1])
def test_what_is_written_unbuffered_is_there_at_once(tmp_path, buffering):
    path = tmp_path / "x"
    with open(path, "wb", buffering) as file:
        text = io.TextIOWrapper(file, "utf-8", write_through=not buffering)
        stream = steadied(text)
        stream.write("said")
        assert path.read_text(encoding="utf-8") == ("" if buffering else "said")
        stream.flush()
        assert path.read_text(encoding="utf-8") == "said"


@NEEDS_FULL
def test_a_disk_that_is_full_is_told_from_a_pipe_that_is_gone():
    with open("/dev/full", "w", encoding="utf-8") as file:
        full = steadied(file)
        print("x", file=full, flush=True)
        assert isinstance(full, Stream)
        assert full.lost == "No space left on device"
    ours, theirs = os.pipe()
    os.close(ours)
    with open(theirs, "w", encoding="utf-8") as file:
        gone = steadied(file)
        print("x", file=gone, flush=True)
        assert gone.lost == ""


def ended(error: BaseException, capsys) -> tuple[int, str]:
    def command() -> int:
        raise error

    return exit_code_of(command), capsys.readouterr().err


def test_a_bug_is_one_line_and_never_a_claim_that_failed(capsys, monkeypatch):
    monkeypatch.delenv("RETRODICT_DEBUG", raising=False)
    code, said = ended(TypeError("two\nlines"), capsys)
    assert code == 3
    assert said.startswith("retrodict: unexpected TypeError: two lines; this is a bug")
    assert said.count("\n") == 1


def test_a_bug_can_be_looked_at(capsys, monkeypatch):
    monkeypatch.setenv("RETRODICT_DEBUG", "1")
    assert "Traceback" in ended(TypeError("x"), capsys)[1]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BrokenPipeError(32, "Broken pipe"), 3),
        (UnicodeEncodeError("ascii", "→", 0, 1, "no"), 3),
        (SystemExit(1), 3),
        (ImportError("no torch"), 3),
        (MemoryError(), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_nothing_but_a_claim_ends_in_1(capsys, error, code):
    found, said = ended(error, capsys)
    assert found == code
    assert said.count("\n") == 1


def test_a_claim_that_failed_ends_in_1():
    assert exit_code_of(lambda: 1) == 1


@pytest.mark.parametrize("columns", ["0", "1", "", "-3", "wide"])
def test_a_terminal_of_no_width_has_the_usual_one(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", "0")
    console = Console(file=io.StringIO())
    assert console.width == 80
    assert console.height > 0


@pytest.mark.parametrize("width", [20, 30, 40])
@pytest.mark.parametrize("columns", [2, 3])
def test_a_word_that_is_wider_than_the_terminal_is_not_cut(width, columns):
    cells = {"run": "reversal-transformer-0123456789ab", "made by": "0.1.0", "epochs": "100/2000"}
    shown = dict(list(cells.items())[:columns])
    table = ruled_table(*words(*shown))
    table.add_row(*shown.values())
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    out = console.file.getvalue()
    assert all(word in out for word in (*shown, *shown.values()))


def test_warnings_are_no_errors_of_a_command():
    code = (
        "import os, warnings; from retrodict.cli._exit import end_with; "
        "end_with(lambda: warnings.warn('x') or len(os.environ.get('PYTHONWARNINGS', '')))"
    )
    done = shell("", "-W", "error", "-c", code, PYTHONWARNINGS="error")
    assert done.returncode == 0
    assert "UserWarning: x" in done.stderr
