"""Two spoken notes, read by espeak-ng (Debian: apt install espeak-ng)."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 16_000

HANDOVER = """Handover, Lomvik, Saturday evening. The ramp at berth two sticks when it is colder than minus three.
Give it two minutes on the heater and do not force the lever. The ice crew comes at five. Kittiwake is late by about
twenty minutes, because a horse trailer would not start. Bridget has the keys to the fuel shed. Good night."""

REMINDER = """Reminder for Monday. Call the dentist of the ship, I mean the diver. The propeller of the Sandpiper hums
above eleven knots."""


def _speak(words: str, voice: str, speed: int) -> NDArray[np.float64]:
    """(n,) samples in -1 to 1 at 16 kHz."""
    told = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", words], capture_output=True, check=True
    )
    samples, rate = soundfile.read(io.BytesIO(told.stdout))
    spectrum = np.fft.rfft(samples)
    length = round(len(samples) * RATE / rate)
    calmer: NDArray[np.float64] = np.fft.irfft(spectrum[: length // 2 + 1], length)
    calmer *= 0.8 / np.abs(calmer).max()
    return calmer


def _write(path: Path, samples: NDArray[np.float64], title: str, artist: str) -> None:
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as sound:
        sound.title, sound.artist = title, artist
        sound.write(samples)


def handover(path: Path) -> None:
    _write(path, _speak(" ".join(HANDOVER.split()), "en-gb", 150), "Handover Lomvik, 21 March", "Signe Moe")


def reminder(path: Path) -> None:
    _write(path, _speak(" ".join(REMINDER.split()), "en-gb+f3", 160), "For Monday", "Maren Solheim")
