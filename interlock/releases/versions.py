"""Names of versions, in the grammar of GTO that DVC's own tools read: `flights@v1.2.0`."""

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from interlock.errors import ConfigError

Part: TypeAlias = Literal["major", "minor", "patch"]
NUMBER = r"(0|[1-9]\d{0,8})"
NUMBERS = re.compile(rf"v{NUMBER}\.{NUMBER}\.{NUMBER}")


@dataclass(frozen=True, order=True)
class Version:
    """A version's three numbers."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}"

    def next(self, part: Part) -> "Version":
        """The version after this one in which `part` changed."""
        match part:
            case "major":
                return Version(self.major + 1, 0, 0)
            case "minor":
                return replace(self, minor=self.minor + 1, patch=0)
            case "patch":
                return replace(self, patch=self.patch + 1)


FIRST = Version(1, 0, 0)


def parsed(text: str) -> Version | None:
    """The version that `v1.2.0` names; None where the text names none."""
    match = NUMBERS.fullmatch(text)
    return Version(*map(int, match.groups())) if match else None


def tag(usecase: str, version: Version) -> str:
    """The tag of a version."""
    return f"{usecase}@{version}"


def of_tag(usecase: str, name: str) -> Version | None:
    """The version of a use case that a tag names; None for tags of anything else."""
    model, at, text = name.partition("@")
    return parsed(text) if at and model == usecase else None


def asked(usecase: str, text: str) -> Version:
    """The version that a person asks for, as `v1.2.0`, `1.2.0` or `flights@v1.2.0`; raises ConfigError where it names none."""
    bare = text.removeprefix(f"{usecase}@")
    found = parsed(bare if bare.startswith("v") else f"v{bare}")
    if found is None:
        raise ConfigError(f"{text!r} names no version of {usecase}", "a version is v1.2.0; interlock deployed --versions lists them")
    return found
