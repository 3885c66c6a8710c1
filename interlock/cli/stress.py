"""`interlock stress`: how scores behaved when features changed, case by case, with the rows that broke a claim."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

REPORT = Path("reports/stress.json")
REFUSED, CHANGES = 1, 6
SIGNS = {"pass": "✓", "fail": "✗"}


@click.command
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def stress(name: str | None, as_json: bool) -> None:
    """Show what the last run found: each case, how far scores moved, and the rows that broke it worst.

    With NAME one case alone. Exits with 1 where a case that is shown did not pass.

    \b
    Example:
      interlock stress
      interlock stress late_aircraft
    """
    found = _read()
    cases = [case for case in found["cases"] if name in {None, case["name"]}]
    if not cases:
        raise click.UsageError(f"no case is called {name}; there are: {', '.join(case['name'] for case in found['cases'])}")
    if as_json:
        click.echo(json.dumps({**found, "cases": cases}, indent=2, ensure_ascii=False))
    else:
        _show(found, cases, alone=name is not None)
    sys.exit(0 if all(case["verdict"] == "pass" for case in cases) else REFUSED)


def _read() -> Any:
    from interlock.errors import ArtifactError
    from interlock.files import read_json

    try:
        return read_json(REPORT)
    except (FileNotFoundError, json.JSONDecodeError) as error:
        raise ArtifactError(f"{REPORT} cannot be read: {error}", "run: interlock run") from error


def _show(found: Mapping[str, Any], cases: list[dict[str, Any]], *, alone: bool) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False, markup=False)
    if not alone:
        passed = sum(case["verdict"] == "pass" for case in cases)
        console.print(Text(f"{passed} of {len(cases)} cases pass, on {found['rows']:,} test rows{_unit(found['unit'])}\n", style="bold"))
    for case in cases:
        sign = SIGNS.get(case["verdict"], "?")
        console.print(Text(f"{sign} {case['name']}: {case['claim']}", style="" if sign == "✓" else "bold red"))
        for line in _lines(case, examples=alone or sign != "✓"):
            console.print(Padding(Text(line, style="dim" if sign == "✓" else ""), (0, 0, 0, 4), expand=False))


def _unit(unit: float) -> str:
    return "" if unit == 1.0 else f"; moves are in spreads of the score, {unit:.4g}"


def _lines(case: Mapping[str, Any], *, examples: bool) -> Iterator[str]:
    """What was found, then where it stands and whom it broke for."""
    from interlock.cli.sketch import percent
    from interlock.errors import printable

    if not case["rows"]:
        yield "no row is altered by it, or none meets its condition: not enough evidence"
    else:
        far, mean = case["far"], f"{_move(case['mean_move'])} on average"
        bound = f" (at most {case['on_average']:g})" if case["on_average"] is not None else ""
        moves = (
            f"scores move by {mean}{bound}, {_move(case['largest_move'])} at most, {percent(far['share'])} by more than {far['beyond']:g}"
        )
        broken = (
            f"{case['violations']:,} of {case['rows']:,} rows break it, {percent(case['share'])}, tolerated {percent(case['tolerated'])}"
        )
        yield broken if case["kind"] == "clear case" else f"{broken}; {moves}"
    if case["verdict"] != "pass" and case["declared"]:
        yield f"declared in {case['declared']}"
    for example in case["examples"] if examples else []:
        yield printable(_example(example))


def _example(example: Mapping[str, Any]) -> str:
    key = " ".join(f"{name}={value}" for name, value in example["key"].items()) or "a row of these values"
    changes = [f"{name} {value}" for name, value in example["change"].items()]
    change = ", ".join(changes[:CHANGES]) + (f" and {len(changes) - CHANGES} more" if len(changes) > CHANGES else "") or "as it is"
    of = f" of {example['class']}" if example["class"] is not None else ""
    score = (
        f"{_score(example['before'])} → {_score(example['after'])}" if example["before"] != example["after"] else _score(example["after"])
    )
    return f"e.g. {key}: {change}: score{of} {score}"


def _move(move: float | None) -> str:
    return "no number" if move is None else f"{move:.3f}"


def _score(score: float | None) -> str:
    return "none" if score is None else f"{score:.4g}"
