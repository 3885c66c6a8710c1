"""What keeps releases from being seen in the catalog: tags that are bad or missing, a clone that hides them."""

from collections.abc import Iterator, Mapping, Sequence

from interlock import git
from interlock.past import DEEPEN
from interlock.releases.registry import Release


def notes(releases: Sequence[Release], wrong: Sequence[str], running: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """In words; `wrong` says what is wrong with tags, `running` which stages of life run each version."""
    known, shallow = {release.tag for release in releases}, git.shallow()
    if shallow:
        yield f"this is a shallow clone, which hides releases: {DEEPEN}"
    yield from wrong
    missing = {version: stages for version, stages in running.items() if version not in known}
    for version, stages in missing.items():
        bad = any(f" {version} " in each for each in wrong)
        yield f"{', '.join(stages)} runs {version}, whose tag is {'bad: git fetch --tags --force' if bad else 'missing: git fetch --tags'}"
    if not (shallow or wrong or missing or known):
        yield "no version has been released yet: interlock release"
