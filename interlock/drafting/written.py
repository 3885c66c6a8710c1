"""What a drafted `features.py` consists of so far: its lines, and the names that are taken in it."""

from dataclasses import dataclass, field

from interlock.drafting import code, names
from interlock.drafting.plan import Part


@dataclass
class Written:
    """The lines of the file, the names that are taken, and for slices the feature of each column."""

    taken: set[str]
    lines: list[str] = field(default_factory=list)
    of: dict[str, str] = field(default_factory=dict)

    def name(self, wanted: str) -> str:
        """A name for a feature or a view, which nothing else has."""
        found = names.distinct(names.variable(wanted), self.taken)
        self.taken.add(found)
        return found

    def constant(self, wanted: str) -> str:
        """A name in capitals for what features are made of."""
        found = names.distinct(wanted.upper(), self.taken)
        self.taken.add(found)
        return found


def viewed(part: Part, **more: str) -> str:
    """What stands between the parentheses of view(…)."""
    pairs = [f"{code.literal(theirs)}: {code.literal(ours)}" for theirs, ours in part.by]
    by = [f"by={{{', '.join(pairs)}}}"] if any(theirs != ours for theirs, ours in part.by) else []
    return ", ".join([names.model(part.given.name), *by, *(f"{name}={value}" for name, value in more.items())])
