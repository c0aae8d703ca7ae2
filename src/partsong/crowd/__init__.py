"""People to rehearse with: synthetic audiences from a seed, and recorded people from rows.

Pure: chance is a `numpy.random.Generator` that the caller passes in, time is what the caller steps, and recordings come
in as rows, never as files. Nothing here is about a real person unless the caller's rows are.
"""

from partsong.crowd.figures import AROUSAL, VALENCE, AxisFigures
from partsong.crowd.recorded import Recorded, Trace, copies_needed, make_trace
from partsong.crowd.synthetic import Crowd, Kind, make_crowd

__all__ = [
    "AROUSAL",
    "VALENCE",
    "AxisFigures",
    "Crowd",
    "Kind",
    "Recorded",
    "Trace",
    "copies_needed",
    "make_crowd",
    "make_trace",
]
