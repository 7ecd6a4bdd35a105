"""The stationary bootstrap: histories resampled in blocks of random length, reduced to what their means need."""

import numpy as np

from finml_core.typing import FloatArray, IntArray


def stationary_indices(n_obs: int, n_bootstrap: int, block_size: float, seed: int) -> IntArray:
    """Row numbers of resampled histories.

    A history goes on from one observation to the next, the last followed by the first, and jumps to a random one with
    probability 1 / block_size.

    Returns
    -------
    int64 array of shape (n_bootstrap, n_obs)

    References
    ----------
    Politis & Romano (1994), Journal of the American Statistical Association 89(428), 1303-1313.
    """
    generator = np.random.default_rng(seed)
    start = generator.integers(0, n_obs, (n_bootstrap, n_obs))
    jumps = generator.random((n_bootstrap, n_obs)) < 1.0 / block_size
    jumps[:, 0] = True
    place = np.arange(n_obs)
    last = np.maximum.accumulate(np.where(jumps, place, 0), axis=1)  # where the block began
    return (np.take_along_axis(start, last, axis=1) + place - last) % n_obs


def resampled_means(values: FloatArray, indices: IntArray) -> FloatArray:
    """The mean of each column in each resampled history: shape (n_bootstrap, n_columns)."""
    n_bootstrap, n_obs = indices.shape
    flat = (indices + len(values) * np.arange(n_bootstrap)[:, None]).reshape(-1)
    times = np.bincount(flat, minlength=n_bootstrap * len(values)).reshape(n_bootstrap, len(values))
    return times @ values / n_obs


def stationary_variance(values: FloatArray, block_size: float) -> FloatArray:
    """What the variance of root-n times the mean of each column is under this bootstrap, without drawing.

    Autocovariances weighted as in Politis & Romano (1994), lemma 1, which Hansen (2005) takes for his test.
    """
    n_obs = len(values)
    centred = values - values.mean(axis=0)
    size = 1 << (2 * n_obs - 1).bit_length()  # room enough for no lag to meet another
    spectrum = np.fft.rfft(centred, size, axis=0)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, size, axis=0)[:n_obs] / n_obs
    lag = np.arange(1, n_obs)
    stay = 1.0 - 1.0 / block_size
    weight = (1.0 - lag / n_obs) * stay**lag + (lag / n_obs) * stay ** (n_obs - lag)
    return covariance[0] + 2.0 * weight @ covariance[1:]
