"""The verdict on the data in one line, and shares as people read them, for the terminal and for the page."""

from interlock.contracts.review import Review, Rule

SIGNS = {"pass": "✓", "warn": "!", "fail": "✗"}
SAID = {
    "pass": "the data kept their contract",
    "warn": "the data kept their contract, with warnings",
    "fail": "the data broke their contract, and the run failed",
}
DISTANCE = "stable"


def verdict(review: Review) -> str:
    """One line: the verdict on the whole run, and how many rows of what is shown were set aside."""
    rows, gone = (sum(getattr(table, part) for table in review.tables.values()) for part in ("rows", "quarantined"))
    return f"{SIGNS[review.verdict]} {SAID[review.verdict]}; {gone:,} of {rows:,} rows are set aside"


def share(rule: Rule) -> str:
    """What a rule saw: a share of rows, or a distance between distributions."""
    return "–" if rule.share is None else _amount(rule, rule.share)


def tolerated(rule: Rule) -> str:
    return _amount(rule, rule.tolerated)


def rows(rule: Rule) -> str:
    """The rows that break a rule; a distribution has none of its own."""
    return "" if rule.kind == DISTANCE else f"{rule.rows:,}"


def percent(part: float) -> str:
    """A share to three digits, however small."""
    return f"{100 * part:.3g} %"


def _amount(rule: Rule, amount: float) -> str:
    return f"{amount:.3g}" if rule.kind == DISTANCE else percent(amount)
