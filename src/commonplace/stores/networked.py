"""What the stores on a server share: their URLs, and going on after the connection broke."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from commonplace.errors import UsageError

T = TypeVar("T")

BACK_OFF = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries. Every request can be sent twice: points are written whole, by their ids."""


@dataclass(frozen=True, slots=True)
class Location:
    """A URL with the name of a store in it and options of ours, apart from what the client's library understands.

    url      without the password: what messages and manifests say
    secret   the password or key
    name     of the store within the server
    options  those of the query string
    """

    url: str
    host: str
    port: int | None
    user: str
    secret: str
    path: str
    name: str
    options: dict[str, str]

    @classmethod
    def parse(cls, url: str, known: frozenset[str] | None = None) -> Self:
        """Raises UsageError; `known` are the options there may be."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise UsageError(f"{url!r} is no URL of a store ({error}); expected a number as port.") from None
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if known is not None and (strange := options.keys() - known):
            raise UsageError(
                f"no option {min(strange)!r} in a {parts.scheme} URL; there are: {', '.join(sorted(known))}."
            )
        host = parts.netloc.rpartition("@")[2]
        place = f"{quote(unquote(parts.username))}@{host}" if parts.username else host
        shown = urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
        path = unquote(parts.path.strip("/"))
        secret = unquote(parts.password or "")
        name = options.get("collection", "commonplace") if parts.scheme.startswith("postgres") else path
        return cls(shown, parts.hostname or "", port, unquote(parts.username or ""), secret, path, name, options)


def with_options(url: str, **options: str) -> str:
    """The URL with options set."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | options
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query, safe="/"), ""))


def folder_of(url: str) -> str:
    """The name of a folder for the records of a collection at a URL: the same for each spelling of its options."""
    place = Location.parse(url)
    parts = (urlsplit(url).scheme, place.host, str(place.port or ""), place.path, place.name)
    return "-".join(re.sub(r"\W+", "_", part) for part in dict.fromkeys(parts) if part)


def with_secret(url: str, secret: str) -> str:
    """The URL with a password."""
    if not secret:
        return url
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(secret, safe='')}@{host}"))


def replaced_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(path)))


def persistently(act: Callable[[], T], transient: Callable[[Exception], bool]) -> T:
    """What `act` returns, tried again while `transient` says that the connection was at fault."""
    for pause in BACK_OFF:
        try:
            return act()
        except Exception as error:
            if not transient(error):
                raise
        time.sleep(pause)
    return act()
