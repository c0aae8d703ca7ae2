"""The command line: one module for each group of commands, put together in `main`."""

import os

# A frame is made of small matrices: several BLAS threads would cost many times the CPU of one. To be said before numpy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
