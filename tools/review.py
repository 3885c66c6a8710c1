"""What CI does for a pull request: `python -m tools.review BASE FOLDER` writes FOLDER/report.md, its pictures and report.json.

Predictions of both sides are what differences are told by. Where neither cache nor a remote have them, because there is no remote or
the pull request is from a fork and has no secrets, the graph is run at that commit in a clone that shares this cache: the same inputs
make the same bytes, so what it makes has the hash that is asked for. Where that fails the report says what it lacks.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from interlock.errors import InterlockError
from interlock.past import Past
from interlock.reporting.commits import ends

NEEDED = ("data/predictions", "data/features")
INTERLOCK = (sys.executable, "-P", "-m", "interlock.cli.main")


def main(base: str, folder: Path) -> int:
    between = ends(base)
    for commit in (between.merge, between.head):
        if not has(commit):
            rebuild(commit)
    report, pictures = folder / "report.md", folder / "pictures"
    done = subprocess.run(
        [*INTERLOCK, "report", "--base", base, "--output", str(report), "--images", str(pictures)], check=False
    ).returncode
    if done:
        return done
    written = subprocess.run([*INTERLOCK, "report", "--base", base, "--json"], check=True, capture_output=True, text=True).stdout
    (folder / "report.json").write_text(written, encoding="utf-8")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as opened:
            opened.write(report.read_text(encoding="utf-8"))
    return 0


def has(commit: str) -> bool:
    """Whether the cache or a remote have what a commit's report needs."""
    try:
        for path in NEEDED:
            Past(commit).folder(path)
    except InterlockError as error:
        print(error.found, flush=True)
        return False
    return True


def rebuild(commit: str) -> None:
    """Run the graph at a commit, into the cache of this project."""
    print(f"running the graph at {commit[:12]}", flush=True)
    with TemporaryDirectory(prefix="review-") as place:
        prefix = subprocess.run(["git", "rev-parse", "--show-prefix"], check=True, capture_output=True, text=True).stdout.strip()
        top = subprocess.run(["git", "rev-parse", "--show-toplevel"], check=True, capture_output=True, text=True).stdout.strip()
        clone = Path(place) / "clone"
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", top, str(clone)], check=True)
        subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=clone, check=True)
        here = clone / prefix
        (here / ".dvc/config.local").write_text(f"[cache]\n    dir = {Path('.dvc/cache').resolve()}\n", encoding="utf-8")
        subprocess.run([sys.executable, "-P", "-m", "dvc", "repro"], cwd=here, check=False, env=os.environ | {"PYTHONPATH": "."})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
