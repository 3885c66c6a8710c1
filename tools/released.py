"""Is a release what its tag says? `python -m tools.released flights@v1.2.0`, at the commit of the tag.

Tag, commit, dvc.lock and bundle must agree; the bundle comes from the cache or a remote, and makes its golden vectors again.
"""

import sys

from interlock.errors import ConfigError, GitError, guard
from interlock.git import head
from interlock.releases.bundles import resolve


def main() -> None:
    usecase, _, version = "".join(sys.argv[1:2]).partition("@")
    if not version:
        raise ConfigError("no version was named", "python -m tools.released flights@v1.2.0")
    release = resolve(usecase, version=version).release
    if release.commit != head():
        raise GitError(f"{release.tag} is of commit {release.commit[:12]}, this is {head()[:12]}", f"git checkout {release.tag}")
    print(f"{release.tag}: commit {release.commit[:12]}, bundle {release.bundle[:12]}, verdict {release.verdict}")


if __name__ == "__main__":
    guard(main)
