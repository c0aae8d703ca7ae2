import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsong.report import Frame, FrameState, MalformedFrame, Mean, Mode, decode_frame, encode_frame, json_schemas

share = st.integers(0, 10_000)
coordinate = st.integers(-1000, 1000)
modes = st.builds(
    Mode,
    id=st.integers(0, 10_000),
    valence=coordinate,
    arousal=coordinate,
    spread=st.tuples(st.integers(0, 1000), st.integers(0, 1000)),
    share=share,
    low=share,
    high=share,
)
frames = st.builds(
    Frame,
    space=st.just("evening"),
    tasks=st.just(("ab" * 32,)),
    at=st.integers(0, 2**32),
    window=st.integers(1, 600),
    state=st.sampled_from(FrameState),
    people=st.none() | st.integers(1, 10_000),
    grid=st.just(8),
    cells=st.just(()) | st.lists(share, min_size=64, max_size=64).map(tuple),
    regions=st.just(()) | st.lists(st.tuples(share, share, share), min_size=9, max_size=9).map(tuple),
    mean=st.none()
    | st.builds(
        Mean,
        valence=st.tuples(coordinate, coordinate, coordinate),
        arousal=st.tuples(coordinate, coordinate, coordinate),
        near=share,
    ),
    modes=st.lists(modes, max_size=6).map(tuple),
    groups=st.none() | st.just((3, 4)),
)


@given(frames)
def test_a_frame_comes_back_fits_its_schema_and_its_limit(frame: Frame) -> None:
    data = encode_frame(frame)
    assert decode_frame(data) == frame
    assert len(data) <= 4096
    jsonschema.validate(json.loads(data), json_schemas()["frame"])


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_with_the_one_error(data: bytes) -> None:
    with pytest.raises(MalformedFrame):
        decode_frame(data)


def test_a_key_of_somebody_s_own_is_refused() -> None:
    frame = Frame(space="evening", tasks=(), at=0, window=10, state=FrameState.NOBODY, grid=8)
    document = json.loads(encode_frame(frame)) | {"person": "x"}
    with pytest.raises(MalformedFrame):
        decode_frame(json.dumps(document).encode())
