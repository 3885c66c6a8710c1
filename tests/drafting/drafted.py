"""A use case drafted from tables, and taken through every stage in one process."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from interlock import files
from interlock.drafting import draft, drawn, given
from interlock.drafting.plan import Choices, Plan
from interlock.files import write_text
from tests.usecases.project import CONFIG, MODEL, ROOT


def drawn_from(words: Sequence[Path | str], name: str = "own", **told: str) -> Plan:
    """The plan for tables at `words`, with the best guess for whatever is not told."""
    return drawn.draw(name, given.given([str(word) for word in words], lambda _: None), Choices(told, lambda _, guess, __: guess))


def files_of(plan: Plan) -> dict[str, str]:
    """The drafted files, of a project that holds the tables under data/own/."""
    return draft.files(
        plan, {table.name: {"from": "files", "path": f"data/own/{table.files[0].name}", **table.spec} for table in plan.tables}
    )


def project(folder: Path, plan: Plan, model: Mapping[str, object] | None = None) -> Path:
    """A project of the plan's draft and its tables, as a test runs it."""
    for path, text in files_of(plan).items():
        write_text(folder / path, text)
    for table in plan.tables:
        for file in table.files:
            (folder / "data/own").mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / "data/own")
    write_text(folder / "conf/config.yaml", CONFIG.format(name=plan.name))
    files.write_json(folder / "conf/model/default.yaml", {**MODEL, **(model or {})})
    for name in ("every", "binary", "multiclass", "regression"):
        shutil.copy(ROOT / f"conf/gates/{name}.yaml", folder / f"conf/gates/{name}.yaml")
    for name in ("pins.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, folder)
    return folder
