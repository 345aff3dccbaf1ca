"""Paths as people write them, and globs that bring strangers along."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import get_type_hints

import pytest
import typer

from retrodict.cli._paths import place
from retrodict.cli.commands import app
from retrodict.runs import Run


def callbacks(part: typer.Typer):
    """Yield the function of every command, and of those of its groups."""
    yield from (command.callback for command in part.registered_commands)
    for group in part.registered_groups:
        yield from callbacks(group.typer_instance)


def test_every_path_of_every_command_is_read_by_one_function():
    read = {}
    for callback in callbacks(app):
        for name, hint in get_type_hints(callback, include_extras=True).items():
            if "Path" in str(hint):
                (option,) = hint.__metadata__
                read[f"{callback.__name__} {name}"] = option.parser is place
    assert len(read) > 10
    assert [name for name, by_place in read.items() if not by_place] == []


def test_a_home_is_found_where_the_shell_left_it_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert place("~/runs/") == tmp_path / "runs"
    assert place("~") == tmp_path
    assert place("./~/runs") == Path("~/runs")


@pytest.mark.parametrize(
    ("path", "home", "says"),
    [
        ("~nobody-of-this-name/x", "/somewhere", "there is no such user"),
        ("~/x", "", "HOME does not say"),
        ("~/x", "not/absolute", "HOME does not say"),
        ("", "/somewhere", "the path is empty"),
    ],
)
def test_a_home_that_is_not_known_is_refused(command, tmp_path, monkeypatch, path, home, says):
    monkeypatch.setenv("HOME", home)
    monkeypatch.chdir(tmp_path)
    code, _, said = command("runs", "list", f"--out={path}")
    assert code == 2
    assert says in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.fixture
def strangers(old_store) -> list[Path]:
    """What a glob brings along that is no run."""
    (old_store / "reversal-heads.png").touch()
    (old_store / "notes").mkdir()
    died = old_store / "reversal-transformer-0123456789ab"
    died.mkdir()
    (died / ".lock").touch()
    return [old_store / "reversal-heads.png", old_store / "notes", died]


def test_a_glob_with_strangers_is_compared_and_they_are_named(command, old, strangers):
    code, out, said = command("compare", *strangers, old.folder, "--json")
    assert code == 0
    document = json.loads(out)
    assert [run["run"] for run in document["runs"]] == [str(old.folder)]
    assert document["passed_over"] == list(map(str, strangers))
    assert all(stranger.name in said for stranger in strangers)
    assert said.count("\n") == 1


def test_a_glob_with_strangers_is_verified_and_they_are_named(command, old, old_store, strangers):
    code, out, said = command(
        "runs", "verify", *old_store.glob("reversal-*"), "--out", old_store, "--json"
    )
    assert code == 0
    assert json.loads(out)["passed_over"] == [str(strangers[0])]
    assert json.loads(out)["looked_at"] == 3
    assert "reversal-heads.png" in said


def test_a_glob_with_strangers_is_exported_and_they_are_named(command, old, strangers, tmp_path):
    code, out, said = command(
        "runs", "export", *strangers, old.folder, "--to", tmp_path / "e", "--json"
    )
    assert code == 0
    assert json.loads(out)["passed_over"] == list(map(str, strangers))
    assert "notes" in said


@pytest.mark.parametrize("asked", [["compare"], ["runs", "verify"]])
def test_what_cannot_be_looked_at_does_not_end_a_glob(command, old, tmp_path, asked):
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    code, out, said = command(*asked, loop, old.folder, "--json")
    assert code == 0
    assert json.loads(out)["passed_over"] == [str(loop)]
    assert "skipped, because it cannot be read" in said
    assert said.count("\n") == 1


def test_what_alone_cannot_be_looked_at_is_said_to_be_unreadable(command, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    code, _, said = command("compare", tmp_path / "loop")
    assert code == 3
    assert "cannot be read now" in said


@pytest.mark.parametrize("asked", [["compare"], ["runs", "verify"], ["runs", "export", "--to=e"]])
def test_strangers_alone_are_refused(command, tmp_path, monkeypatch, asked):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "x.png").touch()
    code, out, said = command(*asked, "notes", "x.png")
    assert (code, out) == (2, "")
    assert "notes, x.png: no run there" in said
    assert not (tmp_path / "e").exists()


def test_a_run_is_found_by_its_name_in_the_store(command, old, monkeypatch):
    monkeypatch.chdir(old.folder.parent.parent)
    name, store = old.folder.name, old.folder.parent
    store.rename("runs")
    for command_line in (["show"], ["compare"]):
        assert command(*command_line, name)[0] == 0
        assert command(*command_line, name[-12:], "--out", "runs")[0] == 0
        code, _, said = command(*command_line, f"{name[:-1]}x")
        assert code == 2
        assert f"x: no run there, and none of that name in runs; did you mean '{name}'?" in said


def test_what_leads_nowhere_is_no_stranger(command, old):
    code, _, said = command("compare", old.folder, old.folder.parent / "typo")
    assert code == 2
    assert "typo: no run there" in said


def test_two_folders_of_one_name_are_both_shown(command, old, tmp_path):
    twin = tmp_path / "twin" / old.folder.parent.name
    shutil.copytree(old.folder, twin / old.folder.name)
    code, out, _ = command("compare", old.folder, twin / old.folder.name)
    assert code == 0
    name, store = old.folder.name[-12:], old.folder.parent
    assert f"{store.parent.name}/{store.name}/{name}" in out
    assert f"twin/{store.name}/{name}" in out


def test_one_folder_by_many_paths_is_shown_once(command, old, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(old.folder)
    paths = [link, old.folder, f"{old.folder}/", old.folder / ".." / old.folder.name]
    code, out, _ = command("compare", *paths, "--json")
    assert code == 0
    assert [run["run"] for run in json.loads(out)["runs"]] == [str(old.folder)]


@pytest.mark.parametrize("asked", ["show", "compare"])
def test_here_is_called_by_its_name(command, old, monkeypatch, asked):
    monkeypatch.chdir(old.folder)
    code, out, _ = command(asked, ".", *(["--json"] if asked == "compare" else []))
    assert code == 0
    assert old.folder.name in out


def test_a_store_may_be_a_link_and_end_with_a_slash(command, old_store, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(old_store)
    code, out, _ = command("runs", "list", "--out", f"{link}/", "--json")
    assert code == 0
    assert len(json.loads(out)["runs"]) == 2


@pytest.mark.parametrize("asked", [["runs", "list"], ["runs", "prune", "--leftovers"]])
def test_a_store_that_is_a_file_is_refused_as_one(command, tiny_yaml, asked):
    code, _, said = command(*asked, "--out", tiny_yaml)
    assert code == 2
    assert "is a file" in said


def test_a_run_that_is_half_there_is_no_stranger(command, halted):
    assert Run(halted.folder).exists
    assert command("compare", halted.folder)[0] == 0
