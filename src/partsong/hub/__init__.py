"""The hub: where reports come in and frames go out. It joins the rooms and touches the world; nothing below it does.

`settings` is read once and handed down, `clock` tells the time, `intake` decides about reports without touching a
socket, `store` keeps what was decided, `fanout` sends frames, `compose` joins them, `app` gives them an address and
`serve` a process.
"""

import os

# A frame is made of small matrices: several BLAS threads would cost many times the CPU of one. To be said before numpy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
