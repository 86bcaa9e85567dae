"""Sound files as documents: how long they are and what their tags say."""

from __future__ import annotations

import struct
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Front, Recording
from commonplace.ingest.readers import audio


def write(path: Path, seconds: float = 1.5, **tags: bytes) -> Path:
    """A WAV file; tags are RIFF INFO fields."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(seconds * 16_000)))
    if tags:
        fields = b"".join(
            name.encode() + struct.pack("<I", len(value)) + value + bytes(len(value) % 2)
            for name, value in tags.items()
        )
        data = path.read_bytes() + b"LIST" + struct.pack("<I", len(fields) + 4) + b"INFO" + fields
        path.write_bytes(b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:])
    return path


def test_a_recording_has_a_length(tmp_path: Path) -> None:
    assert list(audio.read(write(tmp_path / "a.wav"))) == [Front(), Recording(1.5)]


def test_tags_become_title_date_and_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", INAM=b"Standup", IART=b"Ingrid Lund", ICRD=b"2026-03-14", IGNR=b"Meeting")
    assert list(audio.read(path)) == [
        Front("Standup", ("Meeting",), datetime(2026, 3, 14, tzinfo=UTC)),
        Recording(1.5, "Standup\nIngrid Lund\nMeeting"),
    ]


def test_what_it_holds_decides_not_its_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3")
    assert [type(element) for element in audio.read(path)] == [Front, Recording]


@pytest.mark.parametrize(
    "data", [b"", b"no sound at all", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"fLaC" + bytes(40), b"OggS"]
)
def test_what_is_no_sound_is_refused_with_the_reason(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match="damaged sound file"):
        list(audio.read(path))
