"""What a sweep costs beside its trainings alone, and beside the same trials queued as DVC experiments.

    python -m benchmarks.sweep [--trials 6] [--queued 2]

On this project's features: `interlock sweep` as a user starts it, from the start of the process to the end of its report. Then, in one
process and one after the other, its very trials again, each from its encoded rows; only the time inside `lightgbm.train` counts, which bins
them. The rounds of both are compared. Then some of the trials by `dvc exp run --queue` and `--run-all`, in a clone of the commit with
this project's cache. Prints a table, and writes benchmarks/results/sweep.json. Processor time is told as well: cores are shared.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.graph import BIN, described, surroundings

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "sweep.json"
READ = ("conf", "usecases", "params.yaml", "dvc.yaml", "data/features")
MOST = 1.15


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of the processors."""

    clock: float
    processor: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=6, help="how many (default: 6; the bound is for 40)")
    parser.add_argument("--queued", type=int, default=2, help="how many of them by `dvc exp run --queue` (default: 2)")
    asked = parser.parse_args()
    # NOTE: the worker of DVC's queue still tidies up after its last experiment has ended
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        place = Path(temporary) / "project"
        for name in READ:
            copy(ROOT / name, place / name)
        print(f"a sweep of {asked.trials} trials", file=sys.stderr)
        whole = swept(place, asked.trials)
        os.chdir(place)
        alone, compared = trained(asked.trials)
        queue = queued(Path(temporary), asked.queued) if asked.queued else None
    result = summary(whole, alone, compared, queue, asked.queued)
    show(result)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def swept(place: Path, trials: int) -> Took:
    """A sweep by the command."""
    command = [sys.executable, "-m", "interlock.cli.main", "sweep", "--trials", str(trials), "--json"]
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit("the sweep failed")
    return Took(time.perf_counter() - start, used.ru_utime + used.ru_stime)


def trained(trials: int) -> tuple[Took, dict[str, Any]]:
    """The time inside `lightgbm.train` of the same trials, each from its rows; and how many came out otherwise."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as interlock trains
    import lightgbm as lgb
    import msgspec

    from interlock.modeling.booster import Booster
    from interlock.modeling.train import Binned, binning, grow, shown, watched
    from interlock.sweeping.ground import Ground
    from interlock.sweeping.journal import read

    ground, taken, different = Ground.open(), [], 0
    fold, inner, (_, journal) = ground.folds[-1], lgb.train, read()

    def watch(*arguments: Any, **options: Any) -> Any:
        start, before = time.perf_counter(), time.process_time()
        try:
            return inner(*arguments, **options)
        finally:
            taken.append(Took(time.perf_counter() - start, time.process_time() - before))

    lgb.train = watch
    for number in range(trials):
        model = msgspec.structs.replace(ground.said.base, **journal[number].model)
        print(f"training trial {number} alone", file=sys.stderr)
        data, sets = binning(fold.encoder, fold.train, model, ground.said.task), shown(fold.train, fold.validation)
        text, _ = grow(Binned(data, sets, watched(data, sets, model, ground.said.task)), model, ground.said.task, lambda _, __: None)
        different += Booster(text).rounds != journal[number].rounds
    lgb.train = inner
    total = Took(sum(each.clock for each in taken), sum(each.processor for each in taken))
    return total, {"trials": trials, "other rounds": different}


def queued(temporary: Path, trials: int) -> Took:
    """Some of the trials as queued experiments of a clone, one worker."""
    from interlock.sweeping.journal import read

    _, journal = read()
    clone, environment = temporary / "clone", surroundings(temporary)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    cache = Path(os.environ.get("DVC_CACHE", ROOT / ".dvc/cache"))

    def dvc(*words: str) -> None:
        subprocess.run([str(BIN / "dvc"), *words], cwd=clone, env=environment, check=True, stdout=subprocess.DEVNULL)

    dvc("cache", "dir", "--local", str(cache))
    dvc("checkout")
    for number in range(1, trials + 1):
        settings = [f"model.{key}={value}" for key, value in journal[number].model.items()]
        dvc("exp", "run", "--queue", *(word for each in settings for word in ("-S", each)))
    print(f"{trials} queued experiments", file=sys.stderr)
    start, before = time.perf_counter(), os.times()
    dvc("exp", "run", "--run-all")
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    took = Took(time.perf_counter() - start, used)
    subprocess.run([str(BIN / "dvc"), "queue", "stop"], cwd=clone, env=environment, check=False, stdout=subprocess.DEVNULL)
    return took


def summary(whole: Took, alone: Took, compared: Mapping[str, Any], queue: Took | None, queued: int) -> dict[str, Any]:
    """Seconds, ratios, and whether the bound holds."""
    ratio = whole.clock / alone.clock
    seconds = {
        "the sweep": round(whole.clock, 1),
        "the sweep, processor": round(whole.processor, 1),
        "lgb.train": round(alone.clock, 1),
        "lgb.train, processor": round(alone.processor, 1),
    }
    found = {
        "platform": described(),
        **compared,
        "seconds": seconds,
        "sweep to lgb.train": {"value": round(ratio, 3), "most": MOST, "holds": ratio <= MOST},
        "the same of processor time": round(whole.processor / alone.processor, 3),
    }
    if queue:
        each, ours = queue.clock / queued, whole.clock / compared["trials"]
        found |= {"a queued experiment, seconds": round(each, 1), "a queued experiment to a trial of the sweep": round(each / ours, 2)}
    return found


def show(result: Mapping[str, Any]) -> None:
    for name, seconds in result["seconds"].items():
        print(f"{name}: {seconds:.1f} s")
    bound = result["sweep to lgb.train"]
    print(f"{result['trials']} trials to lgb.train: {bound['value']:g}; at most {MOST:g}: {'holds' if bound['holds'] else 'does not hold'}")
    print(f"the same of processor time: {result['the same of processor time']:g}; with other rounds: {result['other rounds']}")
    for name in ("a queued experiment, seconds", "a queued experiment to a trial of the sweep"):
        if name in result:
            print(f"{name}: {result[name]:g}")


if __name__ == "__main__":
    main()
