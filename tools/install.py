"""Set up .venv from requirements.txt: every package as locked and hashed, then this project where it is one. Standard library only.

Run by `make` with any Python 3.11 or later. Does nothing where the environment is already what the lock says. With the word
`compile` and what uv is to be told it locks anew, at the same index.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = Path("requirements.txt")
STAMP = VENV / "installed"
UV_INDEX = re.compile(r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|CONFIG_FILE|OFFLINE)")
DOES = {
    "sync": "installing the packages of requirements.txt",
    "install": "installing this project",
    "compile": "locking what pyproject.toml asks for",
}
# What pip is told, and how uv is told the same.
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
}


def main() -> None:
    made = STAMP.read_text(encoding="utf-8") if STAMP.is_file() else ""
    if made == stamp():
        STAMP.touch()
        return
    STAMP.unlink(missing_ok=True)
    create(anew=bool(made) and not made.endswith(here()))
    locked = uv_lines(REQUIREMENTS.read_text(encoding="utf-8"))
    if installed_uv() != name(locked):
        install_uv(locked)
    uv("sync", "--require-hashes", *again(REQUIREMENTS.read_text(encoding="utf-8")), str(REQUIREMENTS))
    if "build-system" in tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8")):
        uv("install", "--no-deps", "--no-build-isolation", "--editable", ".")
    STAMP.write_text(stamp(), encoding="utf-8")


def stamp() -> str:
    """What an environment is made from, the lock and this project's metadata, and where it stands: scripts in it say so."""
    content = REQUIREMENTS.read_bytes() + b"\0" + Path("pyproject.toml").read_bytes()
    return hashlib.sha256(content).hexdigest() + here()


def here() -> str:
    return f"\n{Path.cwd()}\n"


def create(anew: bool) -> None:
    """An environment with pip, by the Python that runs this; one that is there and works is kept, unless `anew`."""
    if (
        not anew
        and PYTHON.exists()
        and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    ):
        return
    say(f"creating {VENV} with Python {sys.version.split()[0]}")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)], "this Python lacks venv or ensurepip: on Debian, install python3-venv")


def uv_lines(requirements: str) -> str:
    """The lines of a compiled requirements file that lock uv: its version and hashes."""
    match = re.search(r"^uv==\S+ *\\?\n(?:[ \t]+--hash=\S+(?: *\\)?\n)+", requirements, re.MULTILINE)
    if match is None:
        sys.exit(f"error: {REQUIREMENTS} does not lock uv with hashes\n  → run: make lock")
    return match[0]


def again(requirements: str) -> list[str]:
    """What to install anew whatever is there: a wheel of the project's own may be another with the same version."""
    return [f"--reinstall-package={name}" for name in re.findall(r"^\./vendor/([\w.]+)-\S+\.whl", requirements, re.MULTILINE)]


def name(locked: str) -> str:
    return locked.split(maxsplit=1)[0]


def installed_uv() -> str:
    """The uv of the environment, as `uv==VERSION`; empty where it has none."""
    found = VENV / "bin" / "uv"
    if not found.exists():
        return ""
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.split()
    return f"uv=={said[1]}" if len(said) > 1 else ""


def install_uv(locked: str) -> None:
    say(f"installing {name(locked)}")
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "uv.txt"
        lines.write_text(locked, encoding="utf-8")
        command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        run([*command, "--requirement", str(lines)], "pip could not install uv: is the package index reachable?")


def uv(verb: str, *arguments: str) -> None:
    say(DOES[verb])
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    command = [str(VENV / "bin" / "uv"), "pip", verb, "--python", str(PYTHON), *quiet, *arguments]
    remedy = "mend what uv says above" if verb == "compile" else "uv could not install: is the package index reachable?"
    run(command, remedy, os.environ | pip_settings())


def pip_settings() -> dict[str, str]:
    """What pip is configured with, as uv's environment variables, unless uv is configured itself."""
    own = [Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "uv" / "uv.toml", Path("/etc/uv/uv.toml")]
    if any(UV_INDEX.fullmatch(name) for name in os.environ) or any(path.is_file() for path in own):
        return {}
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    return uv_settings(listed, os.environ)


def uv_settings(listed: str, environment: "os._Environ[str] | dict[str, str]") -> dict[str, str]:
    """uv's variables from what `pip config list` prints; the environment's own values win over those of files."""
    said: dict[str, str] = {}
    for line in sorted(listed.splitlines(), key=_rank):
        if match := re.match(r"(?::env:|global|install)\.([\w-]+)='(.*)'$", line):
            said[match[1]] = match[2].replace("\\n", " ").strip()
    settings = {SETTINGS[key]: value for key, value in said.items() if key in SETTINGS and value and SETTINGS[key] not in environment}
    if "UV_FIND_LINKS" in settings:
        settings["UV_FIND_LINKS"] = ",".join(settings["UV_FIND_LINKS"].split())
    # pip takes the best match over all of its indexes; the hashes say that it is the right one.
    return settings | ({"UV_INDEX_STRATEGY": "unsafe-best-match"} if "UV_INDEX" in settings else {})


def _rank(line: str) -> int:
    return 2 if line.startswith(":env:") else 1 if line.startswith("install.") else 0


def run(command: list[str], remedy: str, environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        sys.exit("interrupted: run the same command again")
    if done:
        sys.exit(f"error: {' '.join(command[:4])} … failed\n  → {remedy}")


def say(text: str) -> None:
    print(f"▸ {text}", flush=True)


if __name__ == "__main__":
    uv(*sys.argv[1:]) if sys.argv[1:2] == ["compile"] else main()
