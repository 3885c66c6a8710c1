"""How long `interlock report` takes at full size.

    python -m benchmarks.report [--repeats 3]

In a clone of the commit with this project's cache: a branch with a model of 60 trees, run, then the report of it against where it began,
as a user starts it, with its pictures. Prints the median, and writes benchmarks/results/report.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.graph import BIN, described, surroundings

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "report.json"
MOST = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3, help="how often (default: 3)")
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        environment = surroundings(Path(temporary)) | {"PYTHONPATH": ".", "GIT_CONFIG_GLOBAL": os.devnull}
        clone = branch(Path(temporary) / "clone", environment)
        report = [str(BIN / "interlock"), "report", "--base", "base", "--output", "report.md", "--images", "images"]
        taken = [timed(report, clone, environment) for _ in range(asked.repeats)]
        size = (clone / "report.md").stat().st_size
    middle = statistics.median(taken)
    result = {"platform": described(), "repeats": asked.repeats, "characters": size, "seconds": {"value": round(middle, 2), "most": MOST}}
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(f"interlock report: {middle:.1f} s; at most {MOST:g}: {'holds' if middle <= MOST else 'does not hold'}")


def branch(clone: Path, environment: dict[str, str]) -> Path:
    """A clone whose branch holds another model than the commit, `base`, that it began at."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)

    def run(*words: str) -> None:
        subprocess.run(words, cwd=clone, env=environment, check=True, stdout=subprocess.DEVNULL)

    run(str(BIN / "dvc"), "cache", "dir", "--local", str(ROOT / ".dvc/cache"))
    run("git", "branch", "base")
    model = clone / "conf/model/default.yaml"
    model.write_text(model.read_text().replace("rounds: 2000", "rounds: 60"))
    run(str(BIN / "interlock"), "run")
    run(
        "git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "commit", "--quiet", "--all", "--message", "sixty trees"
    )
    return clone


def timed(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
