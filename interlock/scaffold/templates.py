"""What a wheel of the library carries for a team's own project, filled in. Nothing of the wheel is run: its files are data."""

from collections.abc import Mapping

from interlock.errors import ArtifactError
from interlock.scaffold.wheel import Wheel

PLACE = "interlock/scaffold/"
# What `interlock upgrade` renews, and what is given once and is the team's from then on.
GENERATED, GIVEN = "generated", "given"
REQUIREMENTS = f"{PLACE}requirements.txt"
TEMPLATE = ".jinja"


def files(wheel: Wheel, kind: str, about: Mapping[str, str]) -> dict[str, str]:
    """The files of one kind by their path in the project, in order; templates are filled in with what it is `about`.

    Raises ArtifactError where a template asks for what is not known here.
    """
    start = f"{PLACE}{kind}/"
    found = {name.removeprefix(start): _text(name, content) for name, content in wheel.files.items() if name.startswith(start)}
    return {name.removesuffix(TEMPLATE): _filled(name, found[name], about) for name in sorted(found)}


def lock(wheel: Wheel) -> str:
    """The requirements that the wheel was tested with, hashed: of all that it can need."""
    return _text(REQUIREMENTS, wheel.files[REQUIREMENTS]) if REQUIREMENTS in wheel.files else ""


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{name} of the wheel is no text: {error}", "build or fetch the wheel again") from None


def _filled(name: str, text: str, about: Mapping[str, str]) -> str:
    if not name.endswith(TEMPLATE):
        return text
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    # NOTE: JSON writes a character beyond 16 bits as two escapes, which are none in TOML and in YAML
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    try:
        return environment.from_string(text).render(about)
    except Exception as error:  # NOTE: a template can compute anything
        raise ArtifactError(f"{name} of the wheel cannot be filled in: {error}", "upgrade to an earlier version first") from None
