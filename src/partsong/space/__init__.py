"""The space: from counts of randomised reports to frames, with an error on everything it shows.

Pure: no clock, no chance, no storage. A hub merges reports into an `Aggregator`, and once a window hands the tallies
that changed to a `Space`, which gives the frame.
"""

from partsong.space.aggregator import Aggregator, DictAggregator, Merged, Tally
from partsong.space.mood import Follower, Reading, State
from partsong.space.room import Space, Told

__all__ = ["Aggregator", "DictAggregator", "Follower", "Merged", "Reading", "Space", "State", "Tally", "Told"]
