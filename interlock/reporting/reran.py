"""What ran again and why: the entries of dvc.lock of both sides, stage by stage."""

from collections.abc import Iterable, Mapping
from typing import Any

from interlock import lock
from interlock.conf import leaves
from interlock.lock import Stage
from interlock.reporting.side import Side


def reran(base: Side, head: Side) -> list[dict[str, Any]]:
    """Each stage whose entry changed, in the order they run, with what changed of its code, files, data and params, and what it wrote anew.

    `data` are outputs of other stages, `code` Python files, `files` what else it reads of git.
    """
    names = list(dict.fromkeys([*head.stages, *base.stages]))
    made = {**base.stages, **head.stages}
    found = (_change(name, base.stages.get(name), head.stages.get(name), made) for name in names)
    return [one for one in found if one["what"]]


def code(stages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The files of code that changed, each with the stages that read it."""
    by: dict[str, list[str]] = {}
    for stage in stages:
        for path in (*stage["code"], *stage["files"]):
            by.setdefault(path, []).append(stage["stage"])
    return [{"file": path, "stages": readers} for path, readers in sorted(by.items())]


def _change(name: str, was: Stage | None, now: Stage | None, made: dict[str, Stage]) -> dict[str, Any]:
    if was is None or now is None:
        what = "" if was is now else "new" if was is None else "gone"
        return {"stage": name, "what": what, "code": [], "files": [], "data": [], "params": [], "wrote": []}
    paths = _differ(was.inputs, now.inputs)
    data = [path for path in paths if lock.produced(made, path)]
    rest = [path for path in paths if path not in data]
    said = _differ(dict(leaves(was.params)), dict(leaves(now.params)))
    wrote = _differ(was.outputs, now.outputs)
    return {
        "stage": name,
        "what": "ran again" if paths or said or wrote else "",
        "code": [path for path in rest if path.endswith(".py")],
        "files": [path for path in rest if not path.endswith(".py")],
        "data": data,
        "params": [key.removeprefix("params.yaml.") for key in said],
        "wrote": wrote,
    }


def _differ(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [key for key in dict.fromkeys([*now, *was]) if was.get(key) != now.get(key) or (key in was) != (key in now)]
