"""What a release says of itself to people: the message of its tag."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interlock.releases.registry import Release

MOST = 400


def message(release: Release, description: str, metrics: Mapping[str, Any], brief: Sequence[str]) -> str:
    """The first part of a tag's message; `metrics` are those of the test rows, of which `brief` ones are said."""
    return "\n".join([f"{release.usecase} {release.version}", "", description, "", *_lines(release, metrics, brief)])


def _lines(release: Release, metrics: Mapping[str, Any], brief: Sequence[str]) -> Iterator[str]:
    yield "Test: " + ", ".join(f"{name} {interval(metrics, name)}" for name in brief if name in metrics)
    yield f"Verdict: {release.verdict}"
    yield from (
        f"Waived: {waiver['gate']}, by {waiver['owner']} until {waiver['expires']}: {_line(waiver['reason'])}" for waiver in release.waivers
    )
    yield against(release.champion, release.comparison)
    yield f"Bundle: {release.bundle}"
    yield f"Kept: {f'on the DVC remote {release.remote}' if release.remote else 'ONLY in the cache of the machine that released it'}"


def against(champion: str | None, comparison: Mapping[str, Any] | None) -> str:
    """A comparison in a line."""
    if champion is None or comparison is None:
        return "First release: nothing was deployed to compare it with"
    found = next((one for one in comparison["metrics"] if one["name"] == comparison["headline"]), None)
    if found is None or found["gain"] is None:
        return f"Against {champion}: {comparison['outcome']}"
    low, high = found["gain_low"], found["gain_high"]
    between = "" if low is None or high is None else f" ({low:+.4f} to {high:+.4f})"
    return f"Against {champion}: {comparison['headline']} gains {found['gain']:+.4f}{between} on the same {comparison['rows']:,} rows: {comparison['outcome']}"


def interval(metrics: Mapping[str, Any], name: str) -> str:
    """A metric with its interval."""
    value, low, high = (metrics.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return "–"
    return f"{value:.4g}" + ("" if low is None or high is None else f" ({low:.4g} to {high:.4g})")


def _line(text: str) -> str:
    return " ".join(text.split())[:MOST]
