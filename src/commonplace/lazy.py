"""Names that load at first use: registries are tables of "module:attribute", extras are modules that may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType
from typing import Any

from commonplace.errors import MissingExtra, UnknownName


def load(target: str) -> Any:
    """The object that `"package.module:attribute"` names."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def look_up(table: Mapping[str, str], name: str, *, kind: str) -> Any:
    """Load what `name` stands for in a registry; an unknown name is answered with the nearest ones."""
    if name not in table:
        near = get_close_matches(name, table, n=3) or sorted(table)
        raise UnknownName(f"no {kind} named {name!r}. Did you mean: {', '.join(near)}?")
    return load(table[name])


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional dependency, or say which extra brings it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise  # installed but broken inside: that traceback is the one that helps
        raise MissingExtra(f"{module} is not installed. Try: pip install 'commonplace[{extra}]'") from error
