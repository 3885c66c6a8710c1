"""Releases in git: a version is an annotated tag on the commit whose dvc.lock made it. Its message says what was released.

The first part of the message is for people; after a line of dashes stands the same as JSON, with what may not be hashed:
commit, comparison, waivers. A tag is written once: one that was moved no longer names the commit that its message names.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from interlock.errors import GitError
from interlock.git import git
from interlock.releases import versions
from interlock.releases.versions import Version

RULE = "\n---\n"
TAGS = "take the tags of the remote: git fetch --tags --force; it is not to be trusted until then"


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tag says of a version.

    `bundle` is the SHA-256 of the bundle's manifest, `artifact` the hash under which DVC keeps its folder, `champion` the
    version that it was compared with, `remote` the DVC remote that has it (None: only the cache of who released it).
    """

    usecase: str
    version: str
    commit: str
    bundle: str
    artifact: str
    model: str
    featureset: str
    contract: str
    verdict: str
    champion: str | None
    comparison: dict[str, Any] | None
    waivers: tuple[dict[str, Any], ...]
    remote: str | None

    @property
    def number(self) -> Version:
        found = versions.parsed(self.version)
        assert found is not None
        return found

    @property
    def tag(self) -> str:
        return versions.tag(self.usecase, self.number)


@dataclass(frozen=True)
class Registry:
    """The releases of a use case in the repository of the current folder."""

    usecase: str

    def all(self) -> list[Release]:
        """Every release, the earliest version first; raises GitError where a tag was moved or altered."""
        return [self.one(number) for number in self._numbers()]

    def sound(self) -> tuple[list[Release], list[str]]:
        """The releases whose tags are as they were written, the earliest first, and what is wrong with the others."""
        found, wrong = [], []
        for number in self._numbers():
            try:
                found.append(self.one(number))
            except GitError as error:
                wrong.append(error.found)
        return found, wrong

    def _numbers(self) -> list[Version]:
        names = git("tag", "--list", f"{self.usecase}@v*").splitlines()
        return sorted(version for name in names if (version := versions.of_tag(self.usecase, name)))

    def one(self, version: Version) -> Release:
        """The release of a version; raises GitError where there is none, or its tag was moved or altered."""
        name = versions.tag(self.usecase, version)
        told = git("for-each-ref", "--format=%(objecttype) %(*objectname)%0a%(contents)", f"refs/tags/{name}")
        if not told:
            raise GitError(
                f"there is no release {name}", "interlock deployed --versions lists them; a clone may lack tags: git fetch --tags"
            )
        head, _, message = told.partition("\n")
        kind, _, commit = head.partition(" ")
        if kind != "tag":
            raise GitError(f"the tag {name} is no annotated tag: no release made it, or it was moved", TAGS)
        try:
            found = msgspec.json.decode(message.rpartition(RULE)[2], type=Release)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise GitError(f"the tag {name} was not made by a release: {error}", f"see: git show {name}") from None
        if (found.usecase, found.version) != (self.usecase, str(version)) or found.commit != commit:
            raise GitError(f"the tag {name} was moved: it names {commit[:12]}, its message {found.commit[:12]}", TAGS)
        return found

    def write(self, release: Release, words: str) -> None:
        """Tag the commit of `release`, saying `words`; raises GitError where the tag is there already."""
        message = f"{words.strip()}\n{RULE}{msgspec.json.format(msgspec.json.encode(release)).decode()}\n"
        git("tag", "--annotate", "--cleanup=verbatim", "--message", message, release.tag, release.commit)

    def forget(self, release: Release) -> None:
        """Take back a tag that nobody else has seen."""
        git("tag", "--delete", release.tag)


def whole() -> None:
    """Raise GitError in a shallow clone: it hides tags and commits, and would answer with what ran before."""
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise GitError(
            "this is a shallow clone, which hides releases and rollbacks", "run: git fetch --unshallow --tags (in CI: fetch-depth: 0)"
        )
