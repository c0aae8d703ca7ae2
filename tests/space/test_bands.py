import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from partsong.space.bands import share_band


@settings(deadline=None)
@given(st.floats(0.0, 1.0), st.floats(0.0, 0.3), st.floats(0.5, 2.0))
def test_a_band_lies_round_its_share_in_the_unit_interval(share: float, sd: float, width: float) -> None:
    band = share_band(np.array([share]), np.array([sd**2]), width)
    assert 0.0 <= band.low[0] <= share <= band.high[0] <= 1.0


def test_a_band_reaches_zero_when_the_error_is_large() -> None:
    assert share_band(np.array([0.02]), np.array([0.03**2])).low[0] == 0.0
    assert share_band(np.array([0.30]), np.array([0.03**2])).low[0] > 0.2


def test_half_the_error_gives_a_narrower_band() -> None:
    wide, narrow = (share_band(np.array([0.3]), np.array([variance])) for variance in (0.01, 0.0025))
    assert wide.high - wide.low > narrow.high - narrow.low
