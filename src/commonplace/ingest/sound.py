"""Sound files as samples, through libsndfile: WAV, FLAC, OGG, MP3, AIFF and others. Needs the [sound] extra."""

from __future__ import annotations

from pathlib import Path

from commonplace.encoders.base import Sound
from commonplace.errors import UnreadableFile
from commonplace.lazy import require

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"})
MOST_SECONDS = 600
"""Of one sound: half a gigabyte of samples at 192 kHz."""


def open_sound(path: Path) -> Sound:
    """Its channels averaged, at its own rate. Raises UnreadableFile with the reason, MissingExtra, OSError."""
    soundfile = require("soundfile", extra="sound")
    with path.open("rb") as file:  # a missing one is the system's to name
        try:
            with soundfile.SoundFile(file) as opened:
                seconds, rate = opened.frames / opened.samplerate, opened.samplerate
                if not 0 < seconds <= MOST_SECONDS:
                    raise UnreadableFile(
                        f"{path.name} holds {seconds:,.0f} seconds of sound; expected up to {MOST_SECONDS}. Cut it up."
                    )
                samples = opened.read(dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise UnreadableFile(
                f"{path.name} is no sound that can be read ({error}); expected WAV, FLAC, OGG or MP3. Export it again."
            ) from error
    return Sound(samples.mean(axis=1), rate)
