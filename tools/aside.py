"""Run the graph with other choices of conf in a clone of the commit, then a command there: `python -m tools.aside CHOICE… -- COMMAND…`.

The clone has a cache of its own and is gone afterwards: the project, its cache and its experiments are not touched. What is not
committed is not in it. Exits with what the command exits with, or with what the graph does where that fails.

    python -m tools.aside usecase=employment model=fair -- interlock gates --mutants
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

USAGE = 2
FOREIGN = ("GIT_", "DVC_", "PYTHONPATH")


def main(words: list[str]) -> int:
    if "--" not in words or words[-1] == "--":
        sys.stderr.write(f"{__doc__}\n")
        return USAGE
    choices, command = words[: words.index("--")], words[words.index("--") + 1 :]
    with TemporaryDirectory(prefix="aside-") as folder:
        return run(Path(folder), choices, command)


def run(folder: Path, choices: list[str], command: list[str]) -> int:
    """Clone into `folder`, run the graph and then `command`, whose `interlock` is the clone's own."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(Path.cwd()), str(clone)], check=True)
    (clone / ".dvc/config.local").write_text("[cache]\n    dir = cache\n", encoding="utf-8")
    graph = [sys.executable, "-P", "-m", "dvc", "exp", "run", *(word for choice in choices for word in ("-S", choice))]
    own = [sys.executable, "-m", "interlock.cli.main", *command[1:]] if command[0] == "interlock" else command
    done = 0
    for words in (graph, own):
        done = done or subprocess.run(words, cwd=clone, env=environment(folder), check=False).returncode
    return done


def environment(folder: Path) -> dict[str, str]:
    """This process's, less what points into the project, with its interpreter first and DVC's own places in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    places = {f"DVC_{kind}": str(folder / kind.lower()) for kind in ("GLOBAL_CONFIG_DIR", "SYSTEM_CONFIG_DIR", "SITE_CACHE_DIR")}
    return kept | places | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
