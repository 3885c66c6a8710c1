"""The three verdicts. Only a pass passes: not enough evidence is a fail that says what to look for."""

from collections.abc import Iterable

PASS, FAIL, LACKING = "pass", "fail", "not enough evidence"
LATER = "judged at release"


def overall(verdicts: Iterable[str]) -> str:
    """A pass only where there are verdicts and each is one; a fail where any is."""
    found = set(verdicts)
    return FAIL if FAIL in found else PASS if found == {PASS} else LACKING
