"""Names for the arrays that cross function borders."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Columns = Mapping[str, FloatArray]  # arrays of one length, to be written into
