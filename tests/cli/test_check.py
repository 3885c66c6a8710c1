"""`interlock check`: what is out of date is named, all of it, and nothing is written."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from interlock import pins

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


def signs(said: str) -> str:
    """What became of each check, in order."""
    return "".join(line[0] for line in said.splitlines() if line[:1] in set("✓✗!"))


def test_a_fresh_project_passes(graph: Path, interlock: Run) -> None:
    """Right after a run every check passes, also where the outputs are not here: a clone has none."""
    pins.write()
    interlock("run")
    (graph / "first.out").unlink()
    done = interlock("check")
    assert done.returncode == 0, done.stdout
    assert signs(done.stdout) == "✓✓✓✓✓✓!!"
    assert "no DVC remote is set" in done.stdout
    assert not (graph / "first.out").exists()


def test_everything_out_of_date_is_named(graph: Path, interlock: Run) -> None:
    """Drift of params, pins, sources and the lock are all shown, each with its next step; the first decides the exit code."""
    pins.write()
    interlock("run")
    for name, before, after in [
        ("conf/model/default.yaml", "seed: 7", "seed: 8"),
        ("pins.yaml", "# The", "# the"),
        ("data/sources/flights.yaml", "0.0.3", "0.0.2"),
        ("first.py", "'1'", "'2'"),
    ]:
        text = (graph / name).read_text()
        assert before in text
        (graph / name).write_text(text.replace(before, after))
    done = interlock("check")
    assert done.returncode == 2
    assert signs(done.stdout) == "✗✗✓✗✓✗!!"
    for words in ("-  seed: 7\n+  seed: 8", "run: interlock pins", "there is 0.0.3", "to run are: first"):
        assert words in done.stdout
    assert (graph / "first.out").read_text() == "1"


def test_a_table_that_is_too_old_fails(old: Path, interlock: Run) -> None:
    """Where the catalog says that old data fail, so does the check, and all else passes."""
    pins.write()
    interlock("run")
    done = interlock("check")
    assert done.returncode == 4
    assert signs(done.stdout) == "✓✓✓✓✗✓!!"
    assert "must be no older than 2d" in done.stdout
    assert (old / "data" / "raw" / "flights.parquet").exists()


def test_code_that_dvc_yaml_does_not_declare_is_named(graph: Path, interlock: Run) -> None:
    """A module that a stage imports, the loaded use case's files among them, and that is none of its deps is named with what mends
    it, as is one declared in vain; the fast part finds it, asks neither sources nor the graph, and can be read by a program."""
    (graph / "stages").mkdir()
    (graph / "stages" / "first.py").write_text("from helper import x\nfrom interlock.loading import load\nload('flights', 'features')\n")
    (graph / "helper.py").write_text("x = 1\n")
    shutil.copy(ROOT / "requirements.txt", graph)
    shutil.copytree(ROOT / "usecases" / "flights", graph / "usecases" / "flights")
    pins.write()
    done = interlock("check", "--fast")
    assert done.returncode == 6
    assert signs(done.stdout) == "✓✓✗!"
    for path in ("helper.py", "stages/first.py", "usecases/flights/features.py"):
        assert f"stage first: {path} is imported and not declared" in done.stdout
    assert "stage first: first.py is declared and not imported" in done.stdout
    assert "interlock/" not in done.stdout
    told = {each["check"]: each for each in json.loads(interlock("check", "--fast", "--json").stdout)}
    assert [each["verdict"] for each in told.values()] == ["pass", "pass", "fail", "note"]
    assert told["dependencies"]["remedy"].startswith("in dvc.yaml add to the deps of the stage helper.py, stages/first.py")


def test_outputs_that_were_not_pushed_are_named(graph: Path, interlock: Run, dvc: Run, tmp_path: Path) -> None:
    """Where a DVC remote is set, outputs that it lacks fail the check until `dvc push` (two of one content are one). A
    clone of the pushed project without any data passes."""
    pins.write()
    interlock("run")
    dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    (tmp_path / "store").mkdir()
    done = interlock("check")
    assert done.returncode == 6
    assert "not on the DVC remote: first.out\n  → run: dvc push" in done.stdout
    dvc("push")
    assert signs(interlock("check").stdout) == "✓✓✓✓✓✓!✓"
    subprocess.run(["git", "add", "--all"], cwd=graph, check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", "ran"], cwd=graph, check=True)
    subprocess.run(["git", "clone", "--quiet", str(graph), str(tmp_path / "clone")], check=True)
    done = interlock("check", cwd=tmp_path / "clone")
    assert signs(done.stdout) == "✓✓✓✓✓✓✓✓", done.stdout
    assert not (tmp_path / "clone" / "first.out").exists()


def test_a_folder_that_nobody_pushed_is_named_where_no_data_is(
    graph: Path, interlock: Run, dvc: Run, commit: Callable[[], None], tmp_path: Path
) -> None:
    """In a clone without data a folder that the DVC remote lacks is named too, though DVC's own status leaves it out; `dvc push`
    where it was made mends that."""
    (graph / "dvc.yaml").write_text("stages:\n  made:\n    cmd: mkdir -p made.out && echo 1 > made.out/a\n    outs: [made.out]\n")
    pins.write()
    interlock("run")
    (tmp_path / "store").mkdir()
    dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    commit()
    subprocess.run(["git", "clone", "--quiet", str(graph), str(tmp_path / "clone")], check=True)
    done = interlock("check", cwd=tmp_path / "clone")
    assert done.returncode == 6, done.stdout
    assert "neither here nor on the DVC remote: made.out\n  → run where they were made: dvc push" in done.stdout
    dvc("push")
    assert interlock("check", cwd=tmp_path / "clone").returncode == 0


def test_a_table_that_dvc_tracks_is_found(graph: Path, interlock: Run, dvc: Run, commit: Callable[[], None]) -> None:
    """Of tables that stages read and git does not track those are named that DVC does not track either: it brings the others."""
    for name in ("tables", "alone"):
        (graph / name).mkdir()
    for name in ("tables/one.csv", "alone/two.csv", "alone/three.csv"):
        (graph / name).write_text("a\n1\n")
    dvc("add", "tables", "alone/two.csv")
    deps = "tables/one.csv, alone/two.csv, alone/three.csv"
    (graph / "dvc.yaml").write_text((graph / "dvc.yaml").read_text().replace("deps: [first.py]", f"deps: [first.py, {deps}]"))
    with (graph / ".gitignore").open("a") as file:
        file.write("/alone/*.csv\n")
    commit()
    assert "git does not track alone/three.csv: git add -f" in interlock("check", "--fast").stdout


def test_a_graph_that_is_none_is_named_and_the_other_checks_go_on(graph: Path, interlock: Run) -> None:
    """Where dvc.yaml holds something else than stages, the checks that read it say so with the way back, and the others are made."""
    (graph / "dvc.yaml").write_text("stages: {first: {deps: 3}}\n")
    done = interlock("check", "--fast")
    assert done.returncode == 6, done.stderr
    assert signs(done.stdout)[1:] == "✗✗" or signs(done.stdout)[2:] == "✗✗"
    assert "dvc.yaml is no graph of stages: Expected `array`, got `int`" in done.stdout
    assert "git checkout -- dvc.yaml" in done.stdout
