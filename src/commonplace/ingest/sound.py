"""Sound files as samples, through libsndfile: WAV, FLAC, OGG, MP3, AIFF and others. Needs the [sound] extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from commonplace.encoders.base import Sound
from commonplace.errors import UnreadableFile
from commonplace.lazy import require

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"})
STRETCH, STRETCHES = 10, 12
"""Seconds of a stretch, as CLAP was trained, and how many of them are heard of a longer recording."""


def decoder() -> Any:
    """soundfile. Raises MissingExtra."""
    return require("soundfile", extra="sound")


def open_sound(path: Path) -> Sound:
    """Its channels averaged, at its own rate. Of more than two minutes, twelve stretches of ten seconds are heard, from
    the first to the last.

    Raises UnreadableFile with the reason, MissingExtra, OSError.
    """
    soundfile = decoder()
    with path.open("rb") as file:  # a missing one is the system's to name
        try:
            with soundfile.SoundFile(file) as opened:
                rate, total = opened.samplerate, opened.frames
                stretch = STRETCH * rate
                starts = range(0, total, stretch)
                if len(starts) > STRETCHES:
                    starts = np.linspace(0, total - stretch, STRETCHES).astype(int).tolist()
                heard = []
                for start in starts:
                    if opened.tell() != start:
                        opened.seek(start)
                    heard.append(opened.read(stretch, dtype="float32", always_2d=True).mean(axis=1))
        except soundfile.SoundFileError as error:
            raise UnreadableFile(
                f"{path.name} is no sound that can be read ({error}); expected WAV, FLAC, OGG or MP3. Export it again."
            ) from error
    if not any(map(len, heard)):
        raise UnreadableFile(f"{path.name} holds no sound; expected at least one sample. Export it again.")
    return Sound(np.concatenate(heard), rate)
