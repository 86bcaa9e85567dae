"""Sound and video files as what encoders take."""

from __future__ import annotations

import wave
from pathlib import Path

import cv2
import numpy as np
import pytest

from commonplace.errors import UnreadableFile
from commonplace.ingest.video import open_video


def write_wav(path: Path, samples: np.ndarray[tuple[int, int], np.dtype[np.int16]], rate: int) -> Path:
    """samples (n, channels), 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1], 2, rate, len(samples), "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def write_video(path: Path, levels: list[int], codec: str = "mp4v") -> Path:
    """Grey frames of 96 x 64 pixels, ten a second."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), 10, (96, 64))
    for level in levels:
        writer.write(np.full((64, 96, 3), level, np.uint8))
    writer.release()
    return path


# -- sound


def test_channels_are_averaged_and_the_rate_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason="needs the [sound] extra")
    from commonplace.ingest.sound import open_sound

    stereo = np.tile(np.array([[16384, -8192]], np.int16), (400, 1))  # 0.5 and -0.25
    sound = open_sound(write_wav(tmp_path / "a.wav", stereo, 8_000))
    assert (sound.rate, sound.samples.dtype) == (8_000, np.float32)
    assert sound.samples == pytest.approx(np.full(400, 0.125))


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_compressed_sounds_are_read(tmp_path: Path, suffix: str) -> None:
    soundfile = pytest.importorskip("soundfile", reason="needs the [sound] extra")
    from commonplace.ingest.sound import open_sound

    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32) / 2
    soundfile.write(tmp_path / f"a.{suffix}", tone, 16_000)
    sound = open_sound(tmp_path / f"a.{suffix}")
    assert np.abs(np.fft.rfft(sound.samples[:16_000])).argmax() == pytest.approx(440, abs=1)


@pytest.mark.parametrize(("content", "said"), [(b"# notes", "is no sound that can be read"), (None, "holds no sound")])
def test_what_is_no_sound_says_why(tmp_path: Path, content: bytes | None, said: str) -> None:
    pytest.importorskip("soundfile", reason="needs the [sound] extra")
    from commonplace.ingest.sound import open_sound

    path = write_wav(tmp_path / "a.wav", np.zeros((0, 1), np.int16), 8_000)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=rf"a\.wav {said}"):
        open_sound(path)


@pytest.mark.parametrize(
    ("seconds", "starts"),
    [(120, range(0, 120, 10)), (1100, range(0, 1100, 99))],  # from 0 to 1090 in twelve steps: 99.09 each
)
def test_of_a_long_recording_twelve_stretches_are_heard(tmp_path: Path, seconds: int, starts: range) -> None:
    pytest.importorskip("soundfile", reason="needs the [sound] extra")
    from commonplace.ingest.sound import open_sound

    sound = open_sound(write_wav(tmp_path / "a.wav", np.arange(seconds, dtype=np.int16)[:, None], 1))
    heard = np.rint(sound.samples.reshape(12, 10) * 32768).astype(int)  # a sample a second: its own number
    assert (heard == heard[:, :1] + np.arange(10)).all()
    assert np.abs(heard[:, 0] - np.array(starts)).max() <= 1


# -- video


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mp4v"), ("avi", "MJPG"), ("mkv", "VP80")])
def test_frames_lie_evenly_from_the_first_to_the_last(tmp_path: Path, suffix: str, codec: str) -> None:
    path = write_video(tmp_path / f"a.{suffix}", list(range(0, 200, 5)), codec)  # 40 frames, each 5 lighter
    frames = open_video(path, 4, 512).frames
    assert frames.shape == (4, 64, 96, 3)  # never enlarged
    assert frames.mean(axis=(1, 2, 3)) == pytest.approx([0, 65, 130, 195], abs=4)  # numbers 0, 13, 26, 39


def test_a_short_video_gives_the_frames_that_it_has_no_larger_than_needed(tmp_path: Path) -> None:
    assert open_video(write_video(tmp_path / "a.mp4", [10, 200]), 8, 32).frames.shape == (2, 32, 48, 3)


def test_colours_are_in_the_order_of_pillow(tmp_path: Path) -> None:
    path = tmp_path / "red.avi"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 10, (96, 64))
    writer.write(np.full((64, 96, 3), (0, 0, 255), np.uint8))  # OpenCV's red
    writer.release()
    assert open_video(path, 1, 64).frames[0, 0, 0] == pytest.approx((255, 0, 0), abs=8)


def test_a_playlist_under_the_name_of_a_video_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n")
    with pytest.raises(UnreadableFile, match=r"a\.mp4 is no video; expected MP4"):
        open_video(path, 4, 64)


def test_a_video_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [10] * 20)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableFile, match=r"damaged video: a\.mp4 tells of nothing; expected at least one frame"):
        open_video(path, 4, 64)
