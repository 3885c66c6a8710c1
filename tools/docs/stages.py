"""docs/reference/stages.md: what each stage of dvc.yaml reads and writes, the keys of each report, and the files of a bundle."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interlock import bundle
from interlock.files import read_json
from interlock.params import read_yaml
from tools.docs.blocks import Block, annotated, fenced, read

# Mappings whose keys are names that the data or the use case give, by the path that holds them: a name that stands for all
# of the keys, and those that are none of them.
NAMED: dict[str, dict[str, tuple[str, set[str]]]] = {
    "metrics": {
        "": ("{validation,test,baseline,linear}", {"rows", "gain", "worst_slice", "rescored", "decision"}),
        "gain[]": ("<metric>", {"name"}),
    },
    "features": {"[].quantiles": ("<share>", set()), "[].common": ("<text>", set())},
    "validation": {"tables": ("<table>", set())},
    "parity": {"by_feature": ("<feature>", set()), "first[].request": ("<key>", set())},
    "explain": {
        "": ("{highest,lowest}", {"rows", "expected_raw_score", "global", "classes", "slices", "different"}),
        "{highest,lowest}[]": ("<key>", {"raw_score", "score", "expected_raw_score", "contributions"}),
    },
    "gates": {"binds[].sha256": ("<file>", set())},
    "stress": {
        "cases[].examples[].key": ("<key>", set()),
        "cases[].examples[].change": ("<feature>", set()),
    },
}


def blocks() -> Mapping[str, Block]:
    return (
        {f"stage {name}": _stage(stage) for name, stage in stages().items()}
        | {path.as_posix(): _report(path) for path in reports()}
        | {"models/bundle": lambda _: fenced((bundle.__doc__ or "").partition("\n\n")[2])}
    )


def stages() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(Path("dvc.yaml"))["stages"]
    return found


def reports() -> list[Path]:
    """The JSON that stages write into reports/, in the order of the stages."""
    return [Path(path) for stage in stages().values() for path in written(stage) if path.startswith("reports/")]


def written(stage: Mapping[str, Any]) -> list[str]:
    return [path for part in ("outs", "metrics", "plots") for path in paths(stage.get(part, []))]


def paths(items: list[Any]) -> list[str]:
    """The paths of deps or outputs, with or without options."""
    return [str(item if isinstance(item, str) else next(iter(item))) for item in items]


def _stage(stage: Mapping[str, Any]) -> Block:
    pins = [f"`pins.yaml`{' (its part)' if file['pins.yaml'] else ''}" for file in stage["params"] if isinstance(file, dict)]
    lines = {
        "Reads": _code([dep for dep in paths(stage["deps"]) if not dep.startswith("interlock/")]),
        "Parameters": [*_code([param for param in stage["params"] if isinstance(param, str)]), *pins],
        "Writes": _code(written(stage)),
    }
    return lambda _: "\n".join([stage["desc"], "", *(f"- {head}: {', '.join(said)}" for head, said in lines.items())])


def _code(names: list[str]) -> list[str]:
    return [f"`{name.replace('${usecase.name}', '<usecase>')}`" for name in names]


def _report(path: Path) -> Block:
    return lambda there: annotated(["key", "meaning"], [(key,) for key in _keys(path, there)], there)


def _keys(path: Path, there: str) -> list[str]:
    """The keys that the document has, which may come and go with what a run finds, and those that are new."""
    found = list(dict.fromkeys(keys(path.stem, read_json(path)))) if path.is_file() else []
    whole = [f"`{key}`" for key in found if key and not any(other.startswith((f"{key}.", f"{key}[")) for other in found)]
    return list(dict.fromkeys([*(row[0] for row in read(there)), *whole]))


def keys(report: str, value: Any, at: str = "") -> Iterator[str]:
    """The path of each value in a report, in the order of appearance; `[]` stands for each of a list."""
    if isinstance(value, list) and value:
        for item in value:
            yield from keys(report, item, f"{at}[]")
    elif isinstance(value, dict) and value:
        named, apart = NAMED.get(report, {}).get(at, ("", set()))
        for name, item in value.items():
            said = name if name in apart or not named else named
            yield from keys(report, item, f"{at}.{said}".lstrip("."))
    else:
        yield at
