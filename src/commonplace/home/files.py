"""The small files of a collection, in a folder or in a table of its database."""

from __future__ import annotations

import json
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from commonplace.errors import CorruptCollection
from commonplace.failures import DAMAGED


class Files(ABC):
    """A file, or a folder that `/` leads on from, as with a Path."""

    name: str
    """The last part."""

    @abstractmethod
    def __truediv__(self, name: str) -> Self: ...

    @abstractmethod
    def exists(self) -> bool: ...

    @abstractmethod
    def read(self) -> bytes:
        """Raises FileNotFoundError."""

    @abstractmethod
    def write(self, content: bytes) -> None:
        """Whole or not at all."""

    @abstractmethod
    def remove(self) -> None:
        """With all that is below; nothing there is no error."""

    @abstractmethod
    def having(self, name: str) -> list[str]:
        """The folders right here that have a file of this name, in order."""

    def write_json(self, fields: Mapping[str, Any]) -> None:
        self.write(json.dumps(fields, indent=1).encode())

    def read_json(self) -> dict[str, Any]:
        """Raises CorruptCollection, also where nothing is."""
        try:
            fields = json.loads(self.read())
        except (OSError, ValueError, RecursionError) as error:
            raise self.damaged(str(error)) from error
        if not isinstance(fields, dict):
            raise self.damaged(f"it holds {type(fields).__name__}")
        return fields

    def damaged(self, why: str) -> CorruptCollection:
        return CorruptCollection(f"{self} cannot be read ({why}); expected the JSON that commonplace wrote. {DAMAGED}")


class Folder(Files):
    """In the file system."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name

    def __str__(self) -> str:
        return str(self.path)

    def __truediv__(self, name: str) -> Self:
        return type(self)(self.path / name)

    def exists(self) -> bool:
        return self.path.exists()

    def read(self) -> bytes:
        return self.path.read_bytes()

    def write(self, content: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".tmp")
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def remove(self) -> None:
        if self.path.is_dir():
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            self.path.unlink(missing_ok=True)

    def having(self, name: str) -> list[str]:
        return sorted(path.parent.name for path in self.path.glob(f"*/{name}"))
