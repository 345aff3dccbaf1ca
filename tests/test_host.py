"""The settings of the process that called us: nothing follows from them, and they stay as found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from torch.nn.modules.module import _global_forward_hooks, register_module_forward_hook
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack

import retrodict
from retrodict import Experiment
from retrodict.host import calm_warnings, own_settings, saved_tensors_hooks
from retrodict.measures import final_values
from retrodict.plots import footer, plot_matrices, plot_nll, save, save_film
from retrodict.plots._drawing import drawing, require_matplotlib
from retrodict.theory import GramFlow, predict
from retrodict.training import train

pytestmark = pytest.mark.seconds

PAIRS = "task: {kind: pairs, n: 2, m: 8}"
SENTENCES = "task: {kind: reversal, vocab_size: 8}, model: {n_layer: 1, n_head: 1, d_model: 8}"
SMALL = "epochs: 2, learners: 2, threads: 1"
EXPERIMENTS = {
    "transformer": f"{{{SENTENCES}, training: {{{SMALL}}}, record: {{weights_at: [0, 2]}}}}",
    "bfloat16": f"{{{SENTENCES}, training: {{{SMALL}, precision: bfloat16}}}}",
    "bilinear": f"{{{PAIRS}, model: {{kind: bilinear, d: 8}}, training: {{{SMALL}}}}}",
    "one_layer": f"{{{PAIRS}, model: {{kind: one_layer}}, training: {{{SMALL}}}}}",
    "relational": f"{{task: {{kind: reversal, vocab_size: 8}}, model: {{kind: relational}}, "
    f"training: {{{SMALL}}}}}",
}


def computed() -> dict[str, Any]:
    """All kinds of results, as what can be compared bit by bit."""
    found: dict[str, Any] = {}
    for name, text in EXPERIMENTS.items():
        outcome = train(Experiment.from_text(text).placed())
        trace = outcome.trace
        found[name] = [values_of(part) for part in (trace.curves, *trace.weights.values())]
        with torch._C.DisableTorchFunction():
            weights = {key: w.numpy().tobytes() for key, w in outcome.weights.items()}
        found[f"weights of {name}"] = weights
        found[f"measures of {name}"] = repr(final_values(trace))
    for name in ("bilinear", "one_layer"):
        found[f"theory of {name}"] = values_of(predict(Experiment.from_text(EXPERIMENTS[name])))
    flow = GramFlow(np.eye(4) * 60.0, [0, 1], [1, 2])
    found["flow"] = [logits.tobytes() for _, logits in flow.follow([0.0, 1e4])]
    return found


def values_of(data: Any) -> dict[str, bytes]:
    return {str(name): data[name].values.tobytes() for name in data.data_vars}


def drawn(folder: Path) -> dict[str, str]:
    """A figure in all formats and a film: file → digest."""
    trace = train(Experiment.from_text(EXPERIMENTS["transformer"]).placed()).trace
    figure = plot_nll(trace, "nll of $x_1$: −3", "training", "validation")
    footer(figure, "where it comes from", "what does not hold")
    save(figure, folder / "figure")
    save_film([plot_matrices(trace, f"{i}", 2, 2, snapshot=i) for i in range(2)], folder / "film")
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """What is computed under default settings."""
    return computed()


@pytest.fixture(scope="module")
def plain_pictures(tmp_path_factory) -> dict[str, str]:
    return drawn(tmp_path_factory.mktemp("plain"))


def put(value: Any, read: Callable[[], Any], write: Callable[[Any], object]) -> Any:
    """Set something that has no context of its own, for the time of one."""

    @contextmanager
    def altered() -> Iterator[None]:
        before = read()
        write(value)
        try:
            yield
        finally:
            write(before)

    return altered()


class Observer(TorchFunctionMode):
    """Sees every call of torch's functions, and refuses all."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError(f"{func} was seen")


def rounded(saved: torch.Tensor) -> torch.Tensor:
    return saved.bfloat16()


@contextmanager
def hook_on_saved_tensors() -> Iterator[None]:
    with torch.autograd.graph.saved_tensors_hooks(rounded, rounded):
        told = saved_tensors_hooks() is not None
        with ExitStack() as stack:
            if not told:  # torch before version 2.8
                stack.enter_context(torch.autograd.graph.saved_tensors_hooks(as_it_is, as_it_is))
            yield


def as_it_is(saved: torch.Tensor) -> torch.Tensor:
    return saved


@contextmanager
def hook_on_all_modules() -> Iterator[None]:
    handle = register_module_forward_hook(lambda module, args, output: output * 1.01)
    try:
        yield
    finally:
        handle.remove()


def sums_of_bfloat16() -> Any:
    return torch._C._get_cublas_allow_bf16_reduced_precision_reduction()


def write_sums_of_bfloat16(value: Any) -> None:
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = value


@contextmanager
def a_notebook() -> Iterator[None]:
    """All settings that a notebook may have changed, at once."""
    with ExitStack() as stack:
        for setting in (
            torch.inference_mode(),
            torch.no_grad(),  # set_grad_enabled would act before the other is entered
            put(torch.float64, torch.get_default_dtype, torch.set_default_dtype),
            torch.autocast("cpu", dtype=torch.bfloat16),
            torch.autograd.set_detect_anomaly(True),
            put("medium", torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
            put(False, torch._C._get_mkldnn_enabled, torch._C._set_mkldnn_enabled),
            put(False, lambda: True, lambda normal: torch.set_flush_denormal(not normal)),
            put(3, torch.get_num_threads, torch.set_num_threads),
            np.errstate(all="raise"),
            np.printoptions(precision=1, legacy="1.13"),
            xr.set_options(keep_attrs=True, arithmetic_join="exact", use_bottleneck=False),
            warnings.catch_warnings(),
            hook_on_saved_tensors(),
            hook_on_all_modules(),
            put(False, sums_of_bfloat16, write_sums_of_bfloat16),
            torch.device("meta"),
            Observer(),
        ):
            stack.enter_context(setting)
        warnings.simplefilter("error")
        yield


def settings() -> dict[str, Any]:
    """What a notebook finds set, and how far its streams of random numbers are."""
    with torch._C.DisableTorchFunction():
        numbers = torch.get_rng_state().numpy().tobytes()
    return {
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "modes": _get_current_function_mode_stack(),
        "dtype": torch.get_default_dtype(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
        "anomaly": (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        "products": torch.get_float32_matmul_precision(),
        "mkldnn": torch._C._get_mkldnn_enabled(),
        "subnormals": sys.float_info.min * float("0.5") > 0,
        "threads": torch.get_num_threads(),
        "saved": saved_tensors_hooks(),
        "modules": list(_global_forward_hooks),
        "sums": sums_of_bfloat16(),
        "numpy": np.geterr(),
        "xarray": dict(xr.get_options()),
        "warnings": list(warnings.filters),
        "recursion": sys.getrecursionlimit(),
        # not Python's own: from that the tests' type checks draw
        "numbers": (numbers, np.random.get_state()[1].tobytes()),  # noqa: NPY002
    }


@pytest.fixture(scope="module")
def in_a_notebook(plain) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What is computed in a notebook, and its settings before and after."""
    with a_notebook(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrodict.host.calm_warnings", calm_warnings)
        before = settings()
        found = computed()
        return found, before, settings()


def test_the_bits_are_the_same_whatever_a_notebook_has_set(plain, in_a_notebook):
    found, _, _ = in_a_notebook
    assert [name for name in plain if found[name] != plain[name]] == []


def test_the_settings_of_a_notebook_are_restored(in_a_notebook):
    _, before, after = in_a_notebook
    assert after == before


def test_a_training_gives_tensors_that_can_be_trained_further():
    with torch.inference_mode():
        outcome = train(Experiment.from_text(EXPERIMENTS["bilinear"]).placed())
    assert not any(weight.is_inference() for weight in outcome.weights.values())


def test_differing_settings_of_backends_are_restored():
    matmul = torch.backends.mkldnn.matmul
    if not hasattr(matmul, "fp32_precision"):
        pytest.skip("this torch has one word for all backends")
    with put("bf16", lambda: matmul.fp32_precision, lambda p: setattr(matmul, "fp32_precision", p)):
        with own_settings():
            inside = torch.get_float32_matmul_precision(), matmul.fp32_precision
        assert (inside, matmul.fp32_precision) == (("highest", "ieee"), "bf16")


def test_the_last_of_several_threads_restores_the_settings_of_the_process():
    entered, leave = threading.Event(), threading.Event()

    def compute() -> None:
        with own_settings():
            entered.set()
            leave.wait(60)

    with put(torch.float64, torch.get_default_dtype, torch.set_default_dtype):
        other = threading.Thread(target=compute)
        with own_settings():
            other.start()
            assert entered.wait(60)
        still = torch.get_default_dtype()
        leave.set()
        other.join()
        assert (still, torch.get_default_dtype()) == (torch.float32, torch.float64)


def test_another_thread_trains_the_same_bits(plain):
    found: list[dict[str, bytes]] = []

    def work() -> None:
        trace = retrodict.train(Experiment.from_text(EXPERIMENTS["relational"]))
        found.append(values_of(trace.curves))

    with a_notebook():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [plain["relational"][0]]


def test_a_flow_computes_under_our_settings_and_yields_under_the_callers():
    flow = GramFlow(np.eye(4), [0, 1], [1, 2])
    with np.errstate(all="raise"):
        for _ in flow.follow([0.0, 1.0]):
            assert np.geterr()["under"] == "raise"


def test_a_warning_that_would_be_an_error_is_only_shown():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "not this")
        before = list(warnings.filters)
        with calm_warnings():
            warnings.warn("heard", UserWarning, stacklevel=1)
            warnings.warn("not this", UserWarning, stacklevel=1)
        assert warnings.filters == before
    assert [str(one.message) for one in said] == ["heard"]


def test_pictures_are_the_same_bytes_under_any_style_and_the_style_stays(plain_pictures, tmp_path):
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib import style

    wild = {
        "font.size": 30,
        "font.family": "serif",
        "text.usetex": True,
        "axes.formatter.use_locale": True,
        "axes.prop_cycle": mpl.cycler(color="r"),
        "path.sketch": (1, 100, 2),
        "savefig.dpi": 10,
        "savefig.bbox": "tight",
        "savefig.transparent": True,
        "pdf.compression": 0,
        "pdf.fonttype": 3,
        "image.cmap": "hot",
        "backend": "svg",
    }
    with mpl.rc_context():
        style.use("dark_background")
        mpl.rcParams.update(wild)
        before = dict(mpl.rcParams)
        found = drawn(tmp_path)
        after = dict(mpl.rcParams)
    assert (found, after) == (plain_pictures, before)


def test_threads_that_draw_at_once_leave_the_style_as_it_was():
    require_matplotlib()
    import matplotlib as mpl

    entered, leave = threading.Event(), threading.Event()

    def draw(waits: bool) -> None:
        with drawing():
            entered.set()
            assert leave.wait(60) or not waits

    before = dict(mpl.rcParams)
    threads = [threading.Thread(target=draw, args=(waits,)) for waits in (True, False)]
    for thread in threads:
        thread.start()
        assert entered.wait(60)
    leave.set()
    for thread in threads:
        thread.join()
    assert dict(mpl.rcParams) == before


def in_a_process(program: str, folder: Path, **variables: str) -> str:
    """Run a program in a folder; return what it prints."""
    asked = {k: v for k, v in os.environ.items() if not k.startswith(("MPL", "MATPLOTLIB"))}
    source = str(Path(retrodict.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        env=asked | {"PYTHONPATH": source} | variables,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pictures_are_drawn_where_matplotlib_refuses_backend_and_rc_file(plain_pictures, tmp_path):
    text = (
        b"axes.facecolor: red\nfont.size: 30\ntext.usetex: True\nbackend: nonsense\n" + b"\xff\xfe"
    )
    (tmp_path / "matplotlibrc").write_bytes(text)
    (tmp_path / "out").mkdir()
    program = f"""
import json, sys, pathlib, runpy
test = runpy.run_path({__file__!r})
print(json.dumps(test["drawn"](pathlib.Path("out"))))
"""
    variables = {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(tmp_path / "matplotlibrc"),  # a file: cannot be written into
        "SOURCE_DATE_EPOCH": "1",
        "TZ": "Asia/Kolkata",
    }
    printed = in_a_process(program, tmp_path, **variables)
    assert json.loads(printed.splitlines()[-1]) == plain_pictures


def test_loading_retrodict_first_leaves_the_choice_of_backend(tmp_path):
    program = """
from retrodict.plots._drawing import drawing
with drawing(): pass
import matplotlib.pyplot as plt
print(plt.get_backend(), plt.rcParams["font.size"])
"""
    (tmp_path / "matplotlibrc").write_text("font.size: 17\n")
    assert in_a_process(program, tmp_path, MPLBACKEND="pdf").split() == ["pdf", "17.0"]
