"""A report as Markdown for a pull request: the verdict, what decides in the open, all else folded, within the size of a comment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interlock.modeling.task import Binary, Kind, Multiclass, Regression
from interlock.reporting import about_change, about_model, verdict
from interlock.reporting.cells import code, count, folded, prose

LIMIT = 65_536
KINDS: Mapping[str, type[Kind]] = {"binary": Binary, "multiclass": Multiclass, "regression": Regression}
ALL = "`interlock report --json` has all of it."
Found = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A part of the report; of what does not fit, that with the highest `rank` goes first."""

    name: str
    rank: int
    body: str


def markdown(found: Found, kind: str, images: Iterable[tuple[str, str]] = (), limit: int = LIMIT) -> str:
    """The report; `images` are pairs of what a picture shows and where it lies. Counted in bytes it is no longer than `limit`."""
    task = KINDS[kind]
    head = "\n\n".join([verdict.line(found, task.headline), *_notes(found)])
    sections = [one for one in _sections(found, task.brief, list(images)) if one.body]
    return _fitted(head, sections, limit)


def _sections(found: Found, brief: Sequence[str], images: Sequence[tuple[str, str]]) -> list[Section]:
    model = [] if not found["effect"] else [
        Section("metrics", 0, about_model.metrics(found, brief)),
        Section("gates", 1, about_model.gates(found)),
        Section("champion", 2, about_model.champion(found)),
        Section("slices", 4, about_model.slices(found)),
        Section("predictions that flip", 5, about_model.flips(found)),
        Section("pictures", 9, _pictures(images)),
    ]  # fmt: skip
    return [
        *model,
        Section("parameters", 3, about_change.params(found)),
        Section("features", 6, about_change.features(found)),
        Section("data", 7, about_change.data(found)),
        Section("what ran again", 8, about_change.stages(found)),
        Section("code by stage", 10, about_change.code_of(found)),
        Section("packages", 11, about_change.packages(found)),
    ]


def _notes(found: Found) -> list[str]:
    """Of what this speaks, and what must be known before it is believed."""
    base, head = found["base"], found["head"]
    said = [f"{code(found['usecase'])}{_world(found)}, {head['commit'][:7]} against {base['commit'][:7]} of {code(base['name'])}"]
    said.append(count(found["commits"], "commit"))
    if found["paired"]:
        said.append(about_model.rows(found))
    notes = [f"<sub>{' · '.join(said)}</sub>"] if found["effect"] or found["stale"] else []
    if found["stale"]:
        why = "".join(f"\n> - {code(stage)}: {prose(reason)}" for stage, reason in list(found["stale"].items())[:5])
        notes.append(f"> **What follows is of an earlier run.** Run `make`, and commit what git shows.{why}")
    if found["uncommitted"]:
        notes.append(f"> {count(found['uncommitted'], 'file')} not committed, which this report does not see.")
    if found["lacks"] and found["effect"]:
        lacking = "".join(f"\n> - {prose(what)}" for what in found["lacks"][:8])
        notes.append(f"> **Not here, so not told:**{lacking}")
    return notes


def _world(found: Found) -> str:
    return "" if found["world"] in ("", "full") else f" in the {code(found['world'])} world"


def _pictures(images: Sequence[tuple[str, str]]) -> str:
    shown = "\n\n".join(f'<img alt="{about}" src="{place}" width="330">' for about, place in images)
    return folded("Pictures", shown) if images else ""


def _fitted(head: str, sections: Sequence[Section], limit: int) -> str:
    """All sections, or those that fit without the least important ones, which are named."""
    kept: list[Section] = list(sections)
    left: list[str] = []
    while len((text := _joined(head, kept, left)).encode()) > limit and kept:
        last = max(kept, key=lambda one: one.rank)
        kept.remove(last)
        left.append(last.name)
    return text


def _joined(head: str, sections: Sequence[Section], left: Sequence[str]) -> str:
    ending = [f"<sub>Left out, since a comment holds no more: {', '.join(left)}. {ALL}</sub>"] if left else []
    return "\n\n".join([head, *(one.body for one in sections), *ending]) + "\n"
