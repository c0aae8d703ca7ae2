"""How much people differ, from published continuous self-reports.

The shares of variance are those of CEAP-360VR (Xue, El Ali, Zhang, Ding, Cesar, IEEE Transactions on Multimedia 2021,
doi 10.1109/TMM.2021.3124080): 24 people, eight one-minute videos each, annotated continuously. Taken over each
person's mean of each video, 64 % of the variance of valence and 46 % of that of arousal lie between the videos, 8 % and
10 % between the people, and the rest is a person's own answer to a video. The fluctuation within a video is what is
left of each trace after its own mean and the video's common course.
"""

from typing import Final

import msgspec


class AxisFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One axis of the plane; all in the plane's units (half its side is 1).

    Attributes:
        sd: Standard deviation of the means over one scene, over people and scenes.
        stimulus: Share of that variance between scenes: what everybody shares.
        person: Share between people: someone's constant leaning.
        answer: Share of a person's own answer to a scene; the three add up to 1.
        flutter: Standard deviation of the fluctuation around that within a scene.
    """

    sd: float
    stimulus: float
    person: float
    answer: float
    flutter: float


VALENCE: Final = AxisFigures(sd=0.612, stimulus=0.64, person=0.08, answer=0.28, flutter=0.290)
AROUSAL: Final = AxisFigures(sd=0.514, stimulus=0.46, person=0.10, answer=0.44, flutter=0.309)

SCENE_S: Final = 60.0
"""Seconds a scene lasts: the length of the videos."""
FLUTTER_S: Final = 8.0
"""Time constant of the fluctuation: its correlation falls to 0.8 after 1 s and 0.4 after 5 s."""
FOLLOW_S: Final = 4.0
"""Time constant with which people follow what they see."""
