"""The address of a database: from an environment variable into the driver, and nowhere else."""

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus, urlsplit

from interlock.errors import SourceError
from interlock.sources.connectors import Unreachable

FORMS = "postgresql://user:password@host/database, sqlite:///file or duckdb:///file"
SCHEMES = {"postgresql": "postgresql", "postgres": "postgresql", "sqlite": "sqlite", "duckdb": "duckdb"}
HIDDEN = "***"


@dataclass(frozen=True, repr=False)
class Address:
    """Where a database is: the variable that says so, the engine, and the address itself, which is never shown."""

    variable: str
    engine: str
    uri: str

    @property
    def file(self) -> str:
        """The file of an embedded database: relative after three slashes, absolute after four, and no query."""
        return unquote(self.uri.partition("://")[2].partition("?")[0].removeprefix("/"))

    @property
    def where(self) -> str:
        """The variable, and what may be shown beside it."""
        host = None if self.engine != "postgresql" else _host(self.uri)
        return f"{self.variable} ({self.engine}{f' at {self.scrubbed(host)}' if host else ''})"

    def scrubbed(self, said: str) -> str:
        """`said` without any part of what could be a credential."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            said = said.replace(secret, HIDDEN)
        return said

    def clean(self, error: BaseException | None) -> None:
        """Take every credential out of `error` and of those that led to it: drivers quote the address."""
        left, seen = [error], set[int]()
        while left:
            if (each := left.pop()) is None or id(each) in seen:
                continue
            seen.add(id(each))
            each.args = tuple(self.scrubbed(said) if isinstance(said, str) else said for said in each.args)
            if hasattr(each, "details"):
                each.details = []
            left += [each.__cause__, each.__context__]

    def _secrets(self) -> set[str]:
        """What could be a credential, as it is written and as it is meant: the password, and every value of the query."""
        rest = self.uri.partition("://")[2]
        password = rest.rpartition("@")[0].partition(":")[2]
        parts = re.split(r"[:@/]", password) + re.findall(r"[?&;][^=&;]*=([^&]*)", rest)
        parts += [os.environ.get("PGPASSWORD", "")] if self.engine == "postgresql" else []
        meant = (str, unquote, unquote_plus, lambda secret: repr(unquote(secret))[1:-1])
        return {each for secret in {self.uri, password, *parts} for each in (said(secret) for said in meant) if each}


def address(variable: str) -> Address:
    """The address that the environment variable holds; raises SourceError where it holds none."""
    uri = os.environ.get(variable, "").strip()
    if not uri:
        raise Unreachable(f"the environment variable {variable} is not set", f"export it with the address of the database: {FORMS}")
    scheme, found, rest = uri.partition("://")
    if not found or not rest or scheme not in SCHEMES:
        raise SourceError(f"{variable} does not hold the address of a database that can be read", f"export it as {FORMS}")
    return Address(variable, SCHEMES[scheme], uri)


def _host(uri: str) -> str | None:
    try:
        return urlsplit(uri).hostname
    except ValueError:
        return None
