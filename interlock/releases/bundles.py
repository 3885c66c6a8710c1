"""From a stage of life or a version to its bundle: one version, commit and hash, and a verified folder."""

from dataclasses import dataclass
from pathlib import Path

from interlock import bundle
from interlock.errors import ArtifactError, ConfigError, GitError
from interlock.past import Past
from interlock.releases import deployments, versions
from interlock.releases.deployments import Deployment
from interlock.releases.registry import Registry, Release, whole

BUNDLE = "models/bundle"


@dataclass(frozen=True)
class Resolved:
    """A release, and the folder where its bundle lies, verified."""

    release: Release
    folder: Path


def resolve(usecase: str, *, stage: str | None = None, version: str | None = None) -> Resolved:
    """What a stage of life runs, or a version; without either what the last stage of life runs that has any.

    Raises GitError in a shallow clone, where nothing runs there, or where tag and deployed.yaml disagree, ArtifactError
    where the bundle is altered or cannot be fetched.
    """
    whole()
    release = Registry(usecase).one(versions.asked(usecase, version)) if version else running(usecase, stage)
    return Resolved(release, fetched(release))


def named(usecase: str, text: str) -> Resolved:
    """What a stage of life runs, or a version, whichever is called so; raises ConfigError where nothing is."""
    if text in deployments.now():
        return resolve(usecase, stage=text)
    return resolve(usecase, version=str(versions.asked(usecase, text)))


def running(usecase: str, stage: str | None = None) -> Release:
    """The release that a stage of life runs, as deployed.yaml and its tag agree."""
    deployed = deployments.now()
    if stage is None and not deployed:
        raise GitError("nothing is deployed", "interlock release, then interlock promote; to try a bundle: --bundle models/bundle")
    name = stage or list(deployed)[-1]
    if name not in deployed:
        raise ConfigError(
            f"nothing runs in {name}", f"deployed.yaml has: {', '.join(deployed) or 'nothing'}; interlock promote VERSION --to {name}"
        )
    return agreed(usecase, name, deployed[name])


def agreed(usecase: str, stage: str, deployed: Deployment) -> Release:
    """The release that an entry of deployed.yaml names; raises GitError where the tag says another commit or bundle."""
    found = Registry(usecase).one(versions.asked(usecase, deployed.version))
    if (found.commit, found.bundle) != (deployed.commit, deployed.bundle):
        raise GitError(
            f"deployed.yaml says that {stage} runs {deployed.version} of commit {deployed.commit[:12]}, bundle {deployed.bundle[:12]};"
            f" the tag says commit {found.commit[:12]}, bundle {found.bundle[:12]}",
            f"one of the two was altered: see git log -p deployed.yaml, and git show {found.tag}",
        )
    return found


def fetched(release: Release) -> Path:
    """The verified bundle of a release; raises ArtifactError where it is altered, or neither here nor on a remote."""
    folder = Past(release.commit).folder(BUNDLE)
    found = bundle.verify(folder)
    if found != release.bundle:
        raise ArtifactError(
            f"the bundle of {release.tag} is {found[:12]}, released was {release.bundle[:12]}",
            "the tag or the commit's dvc.lock was altered: do not serve it; interlock deployed --history shows what ran before",
        )
    return folder
