"""What README.md shows of the project is taken from the project: `python -m tools.readme [--check]`.

The graph comes from dvc.yaml, the outcome from the reports in git, the figures from benchmarks/results.
"""

import difflib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from interlock import outcome
from interlock.files import read_json, write_text
from interlock.params import read_yaml

README, BENCHMARKS = Path("README.md"), Path("benchmarks/README.md")
RESULTS = Path("benchmarks/results")


def graph() -> str:
    """The stages of dvc.yaml, and an arrow for each output that another stage reads; arrows that a longer way implies are left out."""
    stages = read_yaml(Path("dvc.yaml"))["stages"]
    made = {path(item): name for name, stage in stages.items() for part in ("outs", "metrics") for item in stage.get(part, [])}
    reads = {name: {made[dep] for dep in stage["deps"] if dep in made} for name, stage in stages.items()}
    shown = {
        name: {above for above in direct if not any(above in behind(other, reads) for other in direct)} for name, direct in reads.items()
    }
    order = list(stages)
    lines = [f"    {above} --> {name}" for name in order for above in order if above in shown[name]]
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```"])


def path(item: object) -> str:
    """The path of an output, with or without options."""
    return str(next(iter(item))) if isinstance(item, dict) else str(item)


def behind(name: str, reads: dict[str, set[str]]) -> set[str]:
    """Every stage that `name` stands on, however far."""
    return reads[name].union(*(behind(above, reads) for above in reads[name]))


def made() -> str:
    """What `make` prints at its end, of what the reports say."""
    facts = {heading: lines for heading, lines in outcome.facts().items() if heading != "Bundle"}  # its hash changes with every byte
    lines = [f"  {heading}{line}".rstrip() for heading, line in outcome.rows(facts)]
    return "\n".join(["```text", outcome.title(), "", *lines, "```"])


def figures() -> str:
    """The figures of the last benchmarks."""
    return "\n".join(["| figure | measured |", "|---|---|", *(f"| {what} | {value} |" for what, value, _ in measured())])


def aims() -> str:
    """The figures of the last benchmarks, each with what is aimed at."""
    return "\n".join(
        ["| figure | measured | aim |", "|---|---|---|", *(f"| {what} | {value} | {aim} |" for what, value, aim in measured())]
    )


def measured() -> list[tuple[str, str, str]]:
    """What was measured, the figure, and the aim."""
    names = ("graph", "features", "contracts", "requests", "sweep", "report")
    graph_, features, contracts, requests, sweep, report = (read_json(RESULTS / f"{name}.json") for name in names)
    bounds, seconds = graph_["bounds"], graph_["seconds"]
    flights, lmdb, redis = (features[name] for name in ("flights", "lmdb", "redis"))
    each = {number: features[f"offline_{number}"] for number in (100, 1_000, 10_000)}

    def ratios(rival: str) -> str:
        return " / ".join(f"{own[f'{rival}_ratio']:.1f}" for own in each.values()) + " × as long"

    return [
        ("the graph outside of training, against one plain script", f"{bounds['all else, graph to plain']['value']:.2f} ×", "≤ 2 ×"),
        ("the same without the stage `parity`, which the script lacks", f"{bounds['the same without parity']['value']:.2f} ×", ""),
        ("peak memory of the graph", f"{bounds['peak memory of the graph, MB']['value']:,.0f} MB", "< 2,000 MB"),
        ("`make` with nothing to do, against `dvc repro`", f"{bounds['nothing to do, make to dvc repro']['value']:.2f} ×", "≤ 1.3 ×"),
        ("`make` with nothing to do", f"{seconds['make, nothing to do']:.2f} s", ""),
        (f"offline, events a second ({features['rows'] / 1e6:g} M rows)", f"{each[1_000]['events_per_second'] / 1e6:.2f} M", "≥ 1 M"),
        ("with 100 / 1,000 / 10,000 events of an entity, a range join in DuckDB takes", ratios("duckdb_range"), "≥ 3 ×"),
        ("the algorithm of interlock in DuckDB's SQL", ratios("duckdb_totals"), "≥ 3 ×"),
        ("pandas, every request beside every event of its entity", ratios("pandas_pairs"), "≥ 10 ×"),
        ("pandas, the same algorithm in floats", ratios("pandas_totals"), ""),
        ("offline, memory of a million more events", f"{features['memory_mb']['per_million_rows']:,.0f} MB", "linear"),
        ("all flights features, against a script by hand", f"{flights['ratio']:.2f} ×", "≤ 1.5 ×"),
        ("online, one request (LMDB)", f"{lmdb['of_1']:,.0f} µs", "≤ 400 µs"),
        ("online, a request among 64 (LMDB)", f"{lmdb['of_64_each']:,.0f} µs", "≤ 60 µs"),
        ("online, a request among 64 (Redis, one round trip)", f"{redis['of_64_each']:,.0f} µs", ""),
        ("25 rules over 10 M rows of 20 columns, against one expression by hand", f"{contracts['full']['ratio']:.2f} ×", "≤ 1.5 ×"),
        (
            "peak memory of the same, and by hand",
            f"{contracts['full']['mb']:,.0f} MB, {contracts['full']['by_hand_mb']:,.0f} MB",
            "bounded",
        ),
        ("64 requests in JSON held to their contract", f"{requests['microseconds_of']['64']['body']['median']:,.0f} µs", "< 1,000 µs"),
        (
            f"a sweep of {sweep['trials']} trials, against their trainings alone",
            f"{sweep['sweep to lgb.train']['value']:.2f} ×",
            "≤ 1.15 ×",
        ),
        *_queued(sweep),
        ("`interlock report`, of two models on 69,405 rows", f"{report['seconds']['value']:.1f} s", "< 10 s"),
        ("events added, durable", f"{features['adding']['events_per_second']:,.0f} a second", "≥ 20,000"),
    ]


def _queued(sweep: dict[str, Any]) -> list[tuple[str, str, str]]:
    """A trial beside the same as a queued experiment, where that was measured."""
    ratio = sweep.get("a queued experiment to a trial of the sweep")
    return [("a trial as a queued experiment of DVC takes", f"{ratio:.1f} × as long", "")] if ratio else []


SECTIONS: dict[Path, dict[str, Callable[[], str]]] = {
    README: {"graph": graph, "outcome": made, "benchmarks": figures},
    BENCHMARKS: {"benchmarks": aims},
}


def text(document: Path = README) -> str:
    """A document with each section as it should be; raises ValueError where a section's marks are missing."""
    found = document.read_text(encoding="utf-8")
    for name, section in SECTIONS[document].items():
        marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not marks.search(found):
            raise ValueError(f"{document} has no section {name}")
        body = section()
        found = marks.sub(lambda match, body=body: f"{match[1]}{body}\n{match[2]}", found)  # type: ignore[misc] # bound now
    return found


def main() -> None:
    for document in SECTIONS:
        new, old = text(document), document.read_text(encoding="utf-8")
        if "--check" not in sys.argv:
            write_text(document, new)
        elif new != old:
            print("\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), str(document), "as it should be", lineterm="")))
            sys.exit(f"{document} is out of date\n  → run: python -m tools.readme")


if __name__ == "__main__":
    main()
