"""Everything that a report says, as one mapping: what a program reads, and what the Markdown is written from."""

from collections.abc import Callable
from typing import Any, TypeAlias

from interlock import git
from interlock.errors import ConfigError, GitError, InterlockError
from interlock.reporting import declared, fresh, gated, paired, reran, settings, tables, turned, unpaired
from interlock.reporting.commits import Ends
from interlock.reporting.side import Side

Found: TypeAlias = dict[str, Any]


def compared(ends: Ends, say: Callable[[str], None] = lambda _: None) -> Found:
    """What the head changes against the base; `say` is told what is being done.

    Raises ConfigError where the two are of different use cases, GitError where a dvc.lock cannot be read.
    """
    base, head = Side(ends.name, ends.merge), Side("this branch", ends.head)
    _comparable(base, head)
    about = {
        "usecase": head.usecase,
        "kind": head.task.kind,
        "world": _world(head),
        "base": _told(ends.name, ends.merge),
        "head": _told("HEAD", ends.head),
    }
    same = base.outputs == head.outputs
    say("parameters, features, data, stages")
    stages = reran.reran(base, head)
    quick = {
        "effect": not same,
        "commits": int(git.git("rev-list", "--count", f"{ends.merge}..{ends.head}")),
        "uncommitted": len(git.changed()),
        "stale": fresh.stale(head),
        "params": settings.changed(base, head),
        "packages": settings.packages(base, head),
        "features": declared.changed(base, head),
        "data": tables.changed(base, head),
        "stages": stages,
        "code": reran.code(stages),
    }
    return {**about, **quick, **_judged(base, head, say), "lacks": [*base.lacks, *head.lacks]}


def _judged(base: Side, head: Side, say: Callable[[str], None]) -> Found:
    """How good both are: on the same rows where predictions are here, else by their reports."""
    if base.outputs == head.outputs:
        return {"paired": None, "metrics": unpaired.metrics(base, head), "gates": gated.gates(base, head, None), "champion": None}
    say("the same rows scored by both")
    pair = _pair(base, head)
    told = paired.compared(pair) if pair else None
    say("the champion")
    champion = gated.champion(head, pair, told)
    say("slices and single rows")
    by = _slices(pair) if pair else None
    return {
        "paired": told and {"rows": told["rows"], "only": dict(pair.only), "relabelled": pair.relabelled} if pair else None,
        "metrics": _metrics(told) if told else unpaired.metrics(base, head),
        "outcome": told["outcome"] if told else None,
        "gates": gated.gates(base, head, champion),
        "champion": champion,
        "slices": by,
        "flips": turned.turned(pair) if pair else None,
        "curves": {side.name: {name: side.report(name) for name in ("roc", "calibration")} for side in (base, head)},
    }


def _pair(base: Side, head: Side) -> paired.Pair | None:
    try:
        return paired.pair(base, head)
    except InterlockError as error:
        head.lack(error.found.splitlines()[0])
        return None


def _slices(pair: paired.Pair) -> Found | None:
    try:
        return paired.slices(pair)
    except InterlockError as error:
        pair.head.lack(error.found.splitlines()[0])
        return None


def _metrics(told: Found) -> list[Found]:
    names = {"champion": "base", "candidate": "head"}
    return [{names.get(key, key): value for key, value in one.items()} for one in told["metrics"]]


def _comparable(base: Side, head: Side) -> None:
    if not head.params or not head.stages:
        raise GitError("this commit has no params.yaml or no dvc.lock", "run: make, then commit what git shows")
    if base.usecase and base.usecase != head.usecase:
        raise ConfigError(
            f"{base.name} is about {base.usecase}, this branch about {head.usecase}: their figures say different things",
            "compare with a commit of the same use case: interlock report --base REV; of this one alone speaks interlock evaluate",
        )


def _world(side: Side) -> str:
    return str(((side.params.get("usecase") or {}).get("world") or {}).get("name", ""))


def _told(name: str, commit: str) -> Found:
    return {"name": name, "commit": commit}
