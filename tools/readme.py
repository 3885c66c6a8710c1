"""What README.md shows of the project is taken from the project: `python -m tools.readme [--check]`.

The graph comes from dvc.yaml, the outcome from the reports in git.
"""

import difflib
import re
import sys
from collections.abc import Callable
from pathlib import Path

from interlock import outcome
from interlock.files import write_text
from interlock.params import read_yaml

README = Path("README.md")


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


SECTIONS: dict[str, Callable[[], str]] = {"graph": graph, "outcome": made}


def text() -> str:
    """README.md with each section as it should be; raises ValueError where a section's marks are missing."""
    found = README.read_text(encoding="utf-8")
    for name, section in SECTIONS.items():
        marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not marks.search(found):
            raise ValueError(f"{README} has no section {name}")
        body = section()
        found = marks.sub(lambda match, body=body: f"{match[1]}{body}\n{match[2]}", found)  # type: ignore[misc] # bound now
    return found


def main() -> None:
    new, old = text(), README.read_text(encoding="utf-8")
    if "--check" not in sys.argv:
        write_text(README, new)
    elif new != old:
        print("\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), "README.md", "as it should be", lineterm="")))
        sys.exit("README.md is out of date\n  → run: python -m tools.readme")


if __name__ == "__main__":
    main()
