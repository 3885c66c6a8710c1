"""Whether a commit's lock is of its own files, held to what DVC itself says of them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from dvc.repo import Repo

from interlock.git import head
from interlock.reporting.fresh import stale
from interlock.reporting.side import Side
from tests.conftest import Run

GRAPH = """stages:
  first:
    cmd: python first.py
    deps: [first.py, said]
    params: [model]
    outs:
      - reports/first.txt: {cache: false}
  second:
    cmd: cp reports/first.txt second
    deps: [reports/first.txt]
    outs: [second]
"""
CODE = "from pathlib import Path\nPath('reports').mkdir(exist_ok=True)\nPath('reports/first.txt').write_text(Path('said').read_text())\n"
CHANGES: dict[str, Callable[[], object]] = {
    "nothing": lambda: Path("README").write_text("words"),
    "code": lambda: Path("first.py").write_text(CODE + "# more\n"),
    "code that is gone": lambda: Path("first.py").unlink(),
    "a file": lambda: Path("said").write_text("other\n"),
    "a parameter": lambda: Path("params.yaml").write_text("model: {rounds: 2}\n"),
    "a command": lambda: Path("dvc.yaml").write_text(GRAPH.replace("cmd: python first.py", "cmd: python -B first.py")),
    "one more to read": lambda: Path("dvc.yaml").write_text(GRAPH.replace("[first.py, said]", "[first.py, said, more]")),
    "a report by hand": lambda: Path("reports/first.txt").write_text("better\n"),
}


def test_what_dvc_would_run_again_is_stale(project: Path, commit: Callable[[], None], dvc: Run) -> None:
    """By git alone, the stage that changed is named as `dvc status` names it, and only where something changed."""
    Path("params.yaml").write_text("model: {rounds: 1}\n")
    for name, text in {"dvc.yaml": GRAPH, "first.py": CODE, "said": "one\n", "more": "more\n"}.items():
        (project / name).write_text(text)
    dvc("repro", "--quiet")
    commit()
    begun = head()
    for name, change in CHANGES.items():
        change()
        commit()
        with Repo() as repo:
            said = set(repo.status())
        assert said == {"nothing": set(), "a report by hand": {"first", "second"}}.get(name, {"first"})
        assert set(stale(Side("this branch", head()))) == said, name
        subprocess.run(["git", "reset", "--quiet", "--hard", begun], check=True)
