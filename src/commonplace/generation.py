"""The files that say what a collection is: `collection.json`; of each generation `manifest.json` and `golden.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from commonplace.errors import NewerCollection
from commonplace.home.files import Files
from commonplace.profiles import Code, Profile
from commonplace.stores.points import Schema

FORMAT = 1
"""Raised when an older release could no longer read a collection."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`collection.json`."""

    format: int
    generation: str
    space: str


@dataclass(frozen=True, slots=True)
class LaneManifest:
    """What a dense lane's vectors are: made by which tower, then transformed how."""

    encoder: str
    fingerprint: str
    dim: int
    """As they are stored, after the transforms."""
    transforms: tuple[str, ...] = ()
    profile: Profile = "float"
    oversampling: float = 1.0
    ef: int = 128
    on_disk: bool = False

    @property
    def code(self) -> Code:
        return Code(self.profile, self.oversampling, self.ef, self.on_disk)


@dataclass(frozen=True, slots=True)
class Manifest:
    """`generations/NNNN/manifest.json`: vectors and words that are not made like this never mix with these."""

    store: str
    lanes: Mapping[str, LaneManifest]
    wording: str
    """Fingerprint of the analyser and of how chunks are worded."""
    location: str = ""
    """URL of a store on a server, without its password; empty for the embedded one."""

    @property
    def schema(self) -> Schema:
        lanes = self.lanes.items()
        return Schema(
            {lane: held.dim for lane, held in lanes},
            {lane: held.code for lane, held in lanes},
            {lane: " ".join((held.fingerprint, *held.transforms)) for lane, held in lanes},
        )


@dataclass(frozen=True, slots=True)
class Golden:
    """What the generation that is live was found to answer, when it was built.

    after       measure -> its mean over the questions
    difference  measure -> (mean, low, high): to the generation before, with its paired 95 % interval; empty where that
                one could not be asked
    """

    questions: int
    after: dict[str, float]
    difference: dict[str, tuple[float, float, float]]
    date: str

    def __str__(self) -> str:
        said = []
        for name, mean in self.after.items():
            moved = "({:+.3f}, 95 %: {:+.3f} to {:+.3f})".format(*self.difference[name]) if self.difference else ""
            said.append(f"{name} {mean:.3f} {moved}".strip())
        return f"{', '.join(said)} on {self.questions} questions"


def read_identity(files: Files) -> Identity | None:
    """None if there is no collection. Raises NewerCollection and CorruptCollection."""
    file = files / "collection.json"
    if not file.exists():
        return None
    fields = file.read_json()
    if not isinstance(fields.get("format"), int):
        raise file.damaged("it names no format")
    if fields["format"] > FORMAT:
        raise NewerCollection(
            f"{files} was written in format {fields['format']}, this release reads up to {FORMAT}. "
            "Upgrade with: pip install -U commonplace"
        )
    texts = fields.keys() - {"format"}
    if texts != {"generation", "space"} or not all(isinstance(fields[name], str) for name in texts):
        raise file.damaged("its fields are not format, generation and space")
    return Identity(**fields)


def write_identity(files: Files, identity: Identity) -> None:
    (files / "collection.json").write_json(asdict(identity))


def generation_folder(files: Files, identity: Identity) -> Files:
    return files / "generations" / identity.generation


def read_manifest(generation: Files) -> Manifest:
    file = generation / "manifest.json"
    fields = file.read_json()
    try:
        lanes = {
            lane: LaneManifest(**{**values, "transforms": tuple(values["transforms"])})
            for lane, values in fields.pop("lanes").items()
        }
        if not all(type(values.dim) is int for values in lanes.values()):
            raise TypeError("a dimension is no number")
        return Manifest(lanes=lanes, **fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise file.damaged(str(error)) from error


def write_manifest(generation: Files, manifest: Manifest) -> None:
    (generation / "manifest.json").write_json(asdict(manifest))


def read_golden(generation: Files) -> Golden | None:
    """None where the generation was built without questions."""
    file = generation / "golden.json"
    return Golden(**file.read_json()) if file.exists() else None


def write_golden(generation: Files, golden: Golden) -> None:
    (generation / "golden.json").write_json(asdict(golden))
