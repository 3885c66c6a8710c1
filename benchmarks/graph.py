"""What the graph costs: beside one plain script that does the same work, and when nothing is left to do.

    python -m benchmarks.graph [--repeats 3]

In a clean clone of the commit, once a repeat, one after the other: the plain script (benchmarks/plain.py) in one process, the
graph from nothing by `dvc repro --force`, then with nothing to do `dvc repro` and `make` in turn. Figures are medians over
the repeats; ratios are of figures of one repeat. Prints a table, and writes benchmarks/results/graph.json.

The time inside `lightgbm.train` is taken around the very call in both, in the graph by benchmarks/watch on PYTHONPATH of the
run; all else that the graph does counts as its own, the start of its processes, DVC and `parity` included, which the plain
script does not have. Peak memory is that of the largest process.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "graph.json"
BIN = Path(sys.executable).parent
RUNNING = re.compile(r"Running stage '(\w+)':")
PACKAGES = ("dvc", "lightgbm", "numpy", "pandera", "polars", "scipy")
IDLE = 5
RATIO, MEMORY, NOTHING = 2.0, 2_000, 1.3


@dataclass(frozen=True)
class Ran:
    """A command that ended well: its seconds, the peak memory in MB of its largest process, its lines and when each was said."""

    seconds: float
    memory: float
    lines: list[tuple[float, str]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.graph", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3, help="how often everything is measured (default: 3)")
    repeats = parser.parse_args().repeats
    found = [once(number, repeats) for number in range(repeats)]
    result = summary(found)
    show(result)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


def once(number: int, repeats: int) -> dict[str, Any]:
    """One measurement of everything, in a new clone."""

    def say(what: str) -> None:
        print(f"{number + 1} of {repeats}: {what}", file=sys.stderr)

    with TemporaryDirectory() as temporary:
        place = Path(temporary)
        clone, environment = place / "clone", surroundings(place)
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        say("the plain script")
        plain = run([sys.executable, str(ROOT / "benchmarks/plain.py"), str(place / "plain")], clone, environment)
        say("the graph")
        watched = {**environment, "PYTHONPATH": str(ROOT / "benchmarks/watch"), "WATCHED": str(place / "watched")}
        graph = run(["dvc", "repro", "--force"], clone, watched)
        say("nothing to do")
        commands = {"repro": ["dvc", "repro"], **again(clone)}
        nothing: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(IDLE):
            for name, command in commands.items():
                nothing[name].append(run(command, clone, environment).seconds)
        return {
            "plain": {"seconds": plain.seconds, "memory": plain.memory, **json.loads(plain.lines[-1][1])},
            "graph": {
                "seconds": graph.seconds,
                "memory": graph.memory,
                "train": float((place / "watched").read_text()),
                "stages": stages(graph),
            },
            "nothing": {name: median(seconds) for name, seconds in nothing.items()},
            "other_values": difference(place / "plain/features/features.parquet", clone / "data/features/features.parquet"),
            "auc": json.loads((clone / "reports/metrics.json").read_text())["test"]["auc"],
        }


def surroundings(place: Path) -> dict[str, str]:
    """The environment: this interpreter's programs first, and no setting or cache of DVC but the clone's."""
    own = {f"DVC_{kind}": str(place / kind.lower()) for kind in ("GLOBAL_CONFIG_DIR", "SYSTEM_CONFIG_DIR", "SITE_CACHE_DIR")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "GIT_", "PYTHON"))}
    return kept | own | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def again(clone: Path) -> dict[str, list[str]]:
    """What is run once everything is done: `make`, in an environment that it takes for its own, or what it would call."""
    if not (BIN / "interlock").is_file() or shutil.which("make") is None:
        return {"run": [sys.executable, "-m", "interlock.cli.main", "run"]}
    (clone / ".venv").mkdir()
    (clone / ".venv/bin").symlink_to(BIN)
    (clone / ".venv/installed").write_text(f"by the benchmark\n{clone}\n")
    return {"run": ["make"]}


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> Ran:
    """Run a command that must end well."""
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = [(time.perf_counter() - started, line.rstrip()) for line in process.stdout or ()]
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit("\n".join([f"failed: {' '.join(command)}", *(line for _, line in lines[-20:])]))
    return Ran(time.perf_counter() - started, used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3), lines)


def stages(graph: Ran) -> dict[str, float]:
    """The seconds from the start of each stage to that of the next: its process, and what DVC does before and after it."""
    starts = [(match[1], moment) for moment, line in graph.lines if (match := RUNNING.match(line))]
    ends = [moment for _, moment in starts[1:]] + [graph.seconds]
    return {name: end - start for (name, start), end in zip(starts, ends, strict=True)}


def difference(one: Path, other: Path) -> int:
    """How many feature values the script and the graph do not share, to a relative 1e-6."""
    mine, theirs = (pl.read_parquet(path) for path in (one, other))
    both = theirs.join(mine.select(theirs.columns), on=["as_of", "flight_id"], how="full", coalesce=True, suffix=" here")
    names = [name for name in theirs.columns if f"{name} here" in both.columns]
    return int(both.select(pl.sum_horizontal(apart(name, theirs.schema[name]).sum() for name in names)).item())


def apart(name: str, dtype: pl.DataType) -> pl.Expr:
    here, there = pl.col(f"{name} here"), pl.col(name)
    if not dtype.is_float():
        return here.ne_missing(there)
    return (here.is_null() != there.is_null()) | ((here - there).abs() > 1e-6 * pl.max_horizontal(there.abs(), 1)).fill_null(value=False)


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the repeats, the ratios of each repeat's own figures among them, and whether each bound holds."""

    def middle(figure: Any) -> float:
        return round(float(median(figure(each) for each in found)), 3)

    def outside(each: Mapping[str, Any]) -> tuple[float, float]:
        return each["graph"]["seconds"] - each["graph"]["train"], each["plain"]["seconds"] - each["plain"]["seconds_of"]["lgb.train"]

    figures = {
        "plain, all": middle(lambda each: each["plain"]["seconds"]),
        "plain, lgb.train": middle(lambda each: each["plain"]["seconds_of"]["lgb.train"]),
        "plain, all else": middle(lambda each: outside(each)[1]),
        "graph, all": middle(lambda each: each["graph"]["seconds"]),
        "graph, lgb.train": middle(lambda each: each["graph"]["train"]),
        "graph, all else": middle(lambda each: outside(each)[0]),
        "dvc repro, nothing to do": middle(lambda each: each["nothing"]["repro"]),
        "make, nothing to do": middle(lambda each: each["nothing"]["run"]),
    }
    bounds = {
        "all else, graph to plain": (middle(lambda each: outside(each)[0] / outside(each)[1]), RATIO),
        "the same without parity": (
            middle(lambda each: (outside(each)[0] - each["graph"]["stages"].get("parity", 0)) / outside(each)[1]),
            RATIO,
        ),
        "nothing to do, make to dvc repro": (middle(lambda each: each["nothing"]["run"] / each["nothing"]["repro"]), NOTHING),
        "peak memory of the graph, MB": (middle(lambda each: each["graph"]["memory"]), MEMORY),
        "peak memory of the script, MB": (middle(lambda each: each["plain"]["memory"]), None),
    }
    return {
        "platform": described(),
        "repeats": len(found),
        "seconds": figures,
        "stages": {name: middle(lambda each, name=name: each["graph"]["stages"][name]) for name in found[0]["graph"]["stages"]},
        "script": {name: middle(lambda each, name=name: each["plain"]["seconds_of"][name]) for name in found[0]["plain"]["seconds_of"]},
        "bounds": {name: {"value": value, "most": most, "holds": most is None or value <= most} for name, (value, most) in bounds.items()},
        "same": {
            "feature values that differ": found[0]["other_values"],
            "test AUC, graph": found[0]["auc"],
            "test AUC, script": found[0]["plain"]["auc"],
        },
    }


def described() -> dict[str, Any]:
    """What the figures were measured on."""
    packages = {name: version(name) for name in PACKAGES}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = [round(value, 1) for value in os.getloadavg()]
    return {
        "system": platform.platform(),
        "processor": processor(),
        "cores": cores,
        "load at the end": load,
        "python": platform.python_version(),
        **packages,
    }


def processor() -> str:
    information = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.+)$", information.read_text(), re.MULTILINE) if information.is_file() else []
    return names[0] if names else platform.processor()


def show(result: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "seconds", title="The graph beside a plain script")
    for name, seconds in result["seconds"].items():
        table.add_row(name, f"{seconds:.2f}")
    for name, seconds in result["stages"].items():
        table.add_row(f"  stage {name}", f"{seconds:.2f}", style="dim")
    console = Console()
    console.print(table)
    for name, bound in result["bounds"].items():
        most = "" if bound["most"] is None else f"; at most {bound['most']:g}: {'holds' if bound['holds'] else 'does not hold'}"
        console.print(f"{name}: {bound['value']:g}{most}")
    for name, value in (result["same"] | result["platform"]).items():
        console.print(f"{name}: {value}", style="dim")


if __name__ == "__main__":
    main()
