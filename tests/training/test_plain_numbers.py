"""Plain numbers of colour and line, of pictures whose numbers can be told by hand."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.training.plain import EDGES, LOOKS, SHARES, looks  # noqa: E402

pytestmark = pytest.mark.train
FIELD = 28
"""8 x 8 fields in 224 pixels."""


def test_a_white_picture_is_all_white_in_its_colours() -> None:
    fields, whole = looks(torch.ones(1, 3, 224, 224), FIELD)
    white = [0.0] * (SHARES - 1) + [1.0]
    assert fields.shape == (1, 64, LOOKS)
    assert fields[0, 0].tolist() == pytest.approx([*white, 1, 1, 1, *[0] * EDGES, 0], abs=1e-3)
    assert torch.allclose(fields, fields[:, :1].expand_as(fields))
    assert whole[0].tolist() == pytest.approx([*white, *[0.0] * 63, 1.0], abs=1e-3)


def test_a_quarter_of_red_is_half_of_its_bin() -> None:
    """The upper left quarter: 16 of the 64 fields; a quarter of the pixels, whose square root is a half."""
    pixels = torch.zeros(1, 3, 224, 224)
    pixels[:, 0, :112, :112] = 1
    fields, whole = looks(pixels, FIELD)
    red = fields.view(8, 8, LOOKS)[..., 0]  # hue 0, dark: pure red is less light than the middle
    assert red[:4, :4].min() > 0.99
    assert red[4:].max() < 0.01
    assert red[:, 4:].max() < 0.01
    assert float(whole[0, 0]) == pytest.approx(0.5, abs=0.01)
    histogram = whole[0, SHARES:].view(4, 4, 4)
    assert (float(histogram[3, 0, 0]), float(histogram[0, 0, 0])) == pytest.approx((0.5, 0.75**0.5), abs=1e-3)


@pytest.mark.parametrize(("rgb", "hue"), [((1, 1, 0), 2), ((0, 1, 0), 4), ((0, 0, 1), 8), ((1, 0, 1), 10)])
def test_each_colour_has_its_hue(rgb: tuple[int, int, int], hue: int) -> None:
    picture = torch.tensor(rgb, dtype=torch.float32).view(1, 3, 1, 1).expand(1, 3, FIELD, FIELD)
    shares = looks(picture, FIELD)[0][0, 0, :SHARES] ** 2
    both = shares[:12] + shares[12:24]
    assert int(both.argmax()) == hue
    assert float(both.sum()) == pytest.approx(1, abs=1e-3)


def test_a_thin_washed_out_curve_counts_as_colour_and_grey_does_not() -> None:
    """A red line of one pixel, half as wide after scaling: pink. Its share of the picture is a 224th."""
    pixels = torch.ones(1, 3, 224, 224)
    pixels[:, 1:, 100] = 0.6
    hues = looks(pixels, FIELD)[1][0, :24]
    assert float(hues.max()) == pytest.approx((1 / 224) ** 0.5, rel=0.05)
    assert looks(torch.full((1, 3, 224, 224), 0.5), FIELD)[1][0, :24].max() < 1e-3


def test_edges_know_their_direction() -> None:
    upright = torch.zeros(1, 3, 224, 224)
    upright[..., ::8] = 1  # vertical stripes: changes from left to right
    edges = looks(upright, FIELD)[0][0, 20, -1 - EDGES : -1]
    assert edges[0] > 0.4
    assert edges[1] < 0.01
