"""Sound and video files in collections: by their words everywhere, by sound and looks where the space has encoders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from collection.senses import Sense, senses
from ingest.test_audio import write as write_wav
from ingest.test_sound_and_video import write_video

from commonplace.collection import Collection
from commonplace.errors import SpaceMismatch
from commonplace.generations import Change
from commonplace.spaces import registry

soundfile = pytest.importorskip("soundfile", reason="needs the [sound] extra")

RATE = 16_000


def tone(pitch: float, seconds: float = 2) -> Any:
    return np.sin(2 * np.pi * pitch * np.arange(int(seconds * RATE)) / RATE) / 3


@pytest.fixture
def recordings(folder: Callable[..., Path]) -> Path:
    """Two low tones, two high ones, a dark and a bright video, none of which says so, and a page."""
    root = folder("tapes", {"page.md": "# Pumps\n\nThe pumps were serviced in March."})
    for name, pitch in {"a.wav": 200, "b.flac": 3_000, "c.ogg": 300, "d.mp3": 4_000}.items():
        soundfile.write(root / name, tone(pitch), RATE)
    write_video(root / "e.mp4", [20] * 20)
    write_video(root / "f.mkv", [230] * 20, "VP80")
    return root


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.SPACES, "senses", "collection.senses:senses")


def found(collection: Collection, text: str = "", **options: Any) -> list[str]:
    return [Path(hit.source).name for hit in collection.search(text, **options).hits]


def test_recordings_are_found_by_how_they_sound_and_look(recordings: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "query.wav", tone(250, 1), RATE)
    with Collection(tmp_path / "c", model="senses") as collection:
        report = collection.add(recordings)
        assert (report.failed, report.chunks) == ((), {"text": 1, "audio": 4, "video": 2})
        assert set(found(collection, "a low hum", k=2)) == {"a.wav", "c.ogg"}
        assert set(found(collection, "a high whistle", k=2)) == {"b.flac", "d.mp3"}
        assert set(found(collection, audio=tmp_path / "query.wav", k=2)) == {"a.wav", "c.ogg"}
        assert found(collection, "a dark room", k=1) == ["e.mp4"]
        assert found(collection, "a bright day", modality="video", k=1) == ["f.mkv"]
        (hit,) = collection.search("a low hum", filter="source=*/a.wav").hits
        assert (hit.modality, hit.start, hit.end) == ("audio", 0.0, 2.0)
        assert hit.why.startswith("sounds like it")
        again = collection.add(recordings)
        assert (again.unchanged, again.encoded) == (7, 0)
        (recordings / "a.wav").rename(recordings / "moved.wav")
        moved = collection.update()
        assert (moved.documents, moved.removed, moved.encoded) == (1, 1, 0)  # its sound is known by its content
        assert collection.doctor() == []


def test_vectors_in_the_collection_are_those_of_the_files(recordings: Path, tmp_path: Path) -> None:
    with Collection(tmp_path / "c", model="senses") as collection:
        collection.add(recordings)
        score = collection.search("low", lanes=["media"], filter="source=*/c.ogg").hits[0].lanes["media"].score
    space = senses()
    expected = space.encode_query(["low"])[0] @ space.encode_audio([recordings / "c.ogg"])[0]
    assert score == pytest.approx(float(expected), abs=1e-3)  # kept as halves


def test_a_space_without_ears_knows_recordings_by_tags_and_a_rebuild_with_them_hears(
    recordings: Path, tmp_path: Path
) -> None:
    write_wav(recordings / "tagged.wav", 1.5, INAM=b"Standup of the pump crew")
    with Collection(tmp_path / "c") as collection:
        report = collection.add(recordings)
        assert (report.failed, report.chunks) == ((), {"text": 1, "audio": 5, "video": 2})
        (hit, *_) = collection.search("standup of the crew").hits
        assert (Path(hit.source).name, hit.title, hit.eligible) == (
            "tagged.wav", "Standup of the pump crew", ("bm25", "identifier", "text"),
        )  # fmt: skip
        assert found(collection, "f.mkv", k=1) == ["f.mkv"]
        built = collection.rebuild(Change(model="senses"))
        assert built.encoded == 7
        assert set(found(collection, "a high whistle", k=2)) == {"b.flac", "d.mp3"}
        assert "media" in collection.search("standup of the crew").hits[0].eligible
        assert collection.doctor() == []


def test_what_cannot_be_decoded_is_kept_by_its_tags_with_a_note(recordings: Path, tmp_path: Path) -> None:
    path = write_wav(recordings / "odd.wav", 1.5, INAM=b"Gearbox")
    data = path.read_bytes()
    length = b"fact\4\0\0\0" + (12_000).to_bytes(4, "little")  # samples: of what is not PCM, bytes say nothing
    path.write_bytes(data[:20] + b"\x34\x12" + data[22:36] + length + data[36:])  # a codec that nobody knows
    with Collection(tmp_path / "c", model="senses") as collection:
        assert collection.add(recordings).failed == ()
        assert found(collection, "gearbox", k=1) == ["odd.wav"]
        document = collection.document("tapes/odd.wav")
        assert document is not None
        assert document.notes[0].startswith("found by its name and tags alone: odd.wav is no sound that can be read")


def test_another_encoder_of_sounds_is_another_space(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection(tmp_path / "c", model="senses") as collection:
        collection.add(recordings)

    def other(self: Sense, modality: str) -> None:
        self.name, self.modality, self.fingerprint = "senses", modality, f"{modality}-{2 if modality == 'audio' else 1}"

    monkeypatch.setattr(Sense, "__init__", other)
    with Collection(tmp_path / "c") as collection, pytest.raises(SpaceMismatch, match=r"lane 'media'.*rebuild"):
        collection.search("a low hum")
