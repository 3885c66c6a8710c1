"""The verdicts. Only a pass passes: not enough evidence is a fail that says what to look for."""

from collections.abc import Iterable

PASS, FAIL, LACKING = "pass", "fail", "not enough evidence"
LATER, UNDECLARED, FIRST = "judged at release", "nothing declared", "first release"
UNJUDGED = frozenset({LATER, UNDECLARED, FIRST})
SIGNS = {PASS: "✓", FAIL: "✗", LACKING: "✗", LATER: "·", UNDECLARED: "·", FIRST: "·"}


def overall(verdicts: Iterable[str]) -> str:
    """A pass only where there are verdicts and each is one; a fail where any is. What was not judged counts neither way."""
    found = set(verdicts) - UNJUDGED
    return FAIL if FAIL in found else PASS if found == {PASS} else LACKING
