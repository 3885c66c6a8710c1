"""Names of versions: what they mean, in what order, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.releases import versions
from interlock.releases.versions import FIRST, Version

NUMBERS = st.integers(0, 10**9 - 1)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS)


@given(version=VERSIONS)
def test_a_version_is_read_as_it_is_written(version: Version) -> None:
    """As a tag, with and without its v and its model; a tag of another model, or of its stage, names none."""
    assert versions.parsed(str(version)) == version
    assert versions.of_tag("flights", versions.tag("flights", version)) == version
    assert versions.of_tag("flight", versions.tag("flights", version)) is None
    for text in (str(version), str(version)[1:], versions.tag("flights", version)):
        assert versions.asked("flights", text) == version


@given(version=VERSIONS, part=st.sampled_from(["major", "minor", "patch"]))
def test_the_next_version_is_later_and_the_least_in_which_that_part_changed(version: Version, part: versions.Part) -> None:
    """What stands before the part stays, the part rises by one, what follows is 0."""
    after = version.next(part)
    assert after > version
    numbers, names = (after.major, after.minor, after.patch), ("major", "minor", "patch")
    place = names.index(part)
    assert numbers[:place] == (version.major, version.minor, version.patch)[:place]
    assert numbers[place] == (version.major, version.minor, version.patch)[place] + 1
    assert set(numbers[place + 1 :]) <= {0}


@pytest.mark.parametrize(
    "text",
    ["", "v1", "v1.2", "1.2.3.4", "v01.2.3", "v1.2.3-rc1", "v1.2.3\n", "v١.2.3", "flights#prod#1", "other@v1.2.3", "v1234567890.0.0"],
)
def test_what_names_no_version_is_refused(text: str) -> None:
    """With what a version looks like."""
    assert versions.parsed(text) is None
    with pytest.raises(ConfigError, match=r"names no version of flights\n  → a version is v1.2.0"):
        versions.asked("flights", text)


def test_the_first_version_is_the_least_release() -> None:
    """Whatever comes after the first one is later."""
    assert all(FIRST.next(part) > FIRST for part in ("major", "minor", "patch"))
