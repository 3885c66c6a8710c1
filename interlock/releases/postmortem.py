"""The draft of a postmortem, which a rollback leaves beside deployed.yaml: what is known is filled in, the rest is asked."""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from string import Template

from interlock.errors import printable

TEMPLATE = Path("docs/postmortems/template.md")


@dataclass(frozen=True)
class Facts:
    """What a rollback knows: the day, the stage of life, the version that failed, the one that runs again, and why."""

    day: date
    stage: str
    failed: str
    restored: str
    reason: str
    usecase: str


def postmortem(facts: Facts) -> str:
    """The project's own template, or else the one of the library, with what is known in its places."""
    known = {name: _said(str(getattr(facts, name))) for name in facts.__dataclass_fields__}
    own = TEMPLATE if TEMPLATE.is_file() else files("interlock.releases").joinpath("postmortem.md")
    return Template(own.read_text(encoding="utf-8")).safe_substitute(known)


def _said(text: str) -> str:
    """A fact in one line, which no table and no page takes for anything else."""
    plain = " ".join(printable(text).split())
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
