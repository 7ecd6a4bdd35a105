"""Compiled correlations of the rows of two matrices; numba is loaded with this module and nowhere else.

A row is one timestamp with a column a symbol, or one symbol with a column a timestamp. Items of a row count where both
matrices know them, and ranks are among those: where the same items are known the ranks made once for each matrix hold,
and elsewhere they are made again by walking down the order that was made once. Ties share their mean rank.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def rank_rows(x, order, rank, count):
    """Mean ranks from 1 of the known values of each row (0 where missing), given each row's argsort."""
    for r in range(x.shape[0]):
        count[r] = _rank(x[r], order[r], x[r], rank[r])


@njit(cache=True, nogil=True, error_model="numpy")
def correlate_rows(x, order_x, rank_x, count_x, y, order_y, rank_y, count_y, least, ic, pearson, product, weight):
    """Rank and linear correlation of each row with at least `least` common items.

    Where `product` and `weight` have the length of a row, each item's share is added to them: over a row the shares sum
    to the rank correlation times the number of items.
    """
    width = x.shape[1]
    own_x, own_y = np.zeros(width, dtype=np.float32), np.zeros(width, dtype=np.float32)
    for r in range(x.shape[0]):
        ic[r] = np.nan
        pearson[r] = np.nan
        common = 0
        mean_x = mean_y = 0.0
        for j in range(width):
            if x[r, j] == x[r, j] and y[r, j] == y[r, j]:
                common += 1
                mean_x += x[r, j]
                mean_y += y[r, j]
        if common < least or common == 0:
            continue
        mean_x /= common
        mean_y /= common
        rx, ry = rank_x[r], rank_y[r]
        if common < count_x[r]:
            _rank(x[r], order_x[r], y[r], own_x)
            rx = own_x
        if common < count_y[r]:
            _rank(y[r], order_y[r], x[r], own_y)
            ry = own_y
        middle = 0.5 * (common + 1)
        rxx = ryy = rxy = xx = yy = xy = 0.0
        for j in range(width):
            if x[r, j] == x[r, j] and y[r, j] == y[r, j]:
                a, b = rx[j] - middle, ry[j] - middle
                rxx += a * a
                ryy += b * b
                rxy += a * b
                c, d = x[r, j] - mean_x, y[r, j] - mean_y
                xx += c * c
                yy += d * d
                xy += c * d
        if rxx == 0.0 or ryy == 0.0:
            continue
        ic[r] = rxy / np.sqrt(rxx * ryy)
        pearson[r] = xy / np.sqrt(xx * yy)
        if product.size == width:
            scale = common / np.sqrt(rxx * ryy)
            for j in range(width):
                if x[r, j] == x[r, j] and y[r, j] == y[r, j]:
                    product[j] += (rx[j] - middle) * (ry[j] - middle) * scale
                    weight[j] += 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def bucket_rows(rank, count, n_buckets, bucket):
    """Which of `n_buckets` equal shares of its row each item falls into, from 0; -1 where missing."""
    for r in range(rank.shape[0]):
        for j in range(rank.shape[1]):
            if rank[r, j] > 0.0:
                place = int((np.float64(rank[r, j]) - 0.5) * n_buckets / count[r])
                bucket[r, j] = min(place, n_buckets - 1)
            else:
                bucket[r, j] = -1


@njit(cache=True, nogil=True, error_model="numpy")
def bucket_sums(bucket, y, total, known):
    """Sum and number of the known `y` of each row (time) in each bucket."""
    for r in range(bucket.shape[0]):
        for j in range(bucket.shape[1]):
            k = bucket[r, j]
            if k >= 0 and y[r, j] == y[r, j]:
                total[r, k] += y[r, j]
                known[r, k] += 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def lagged(rank, bucket, top, least):
    """Mean over rows of the correlation of ranks with those of the row before, and the share of the outermost buckets
    that is new; over items known in both rows, for rows with at least `least` of them."""
    correlation, n_rows, fresh, held = 0.0, 0, 0, 0
    for r in range(1, rank.shape[0]):
        n = 0
        a = b = aa = bb = ab = 0.0
        for j in range(rank.shape[1]):
            now, before = np.float64(rank[r, j]), np.float64(rank[r - 1, j])
            if now > 0.0 and before > 0.0:
                n += 1
                a += now
                b += before
                aa += now * now
                bb += before * before
                ab += now * before
                k = bucket[r, j]
                if k == 0 or k == top:
                    held += 1
                    if bucket[r - 1, j] != k:
                        fresh += 1
        if n >= least and n > 0:
            va, vb = aa - a * a / n, bb - b * b / n
            if va > 1e-9 and vb > 1e-9:
                correlation += (ab - a * b / n) / np.sqrt(va * vb)
                n_rows += 1
    return (correlation / n_rows if n_rows else np.nan), (fresh / held if held else np.nan)


@njit(cache=True, nogil=True, error_model="numpy")
def _rank(values, order, other, rank):
    """Mean ranks of the items known in both `values` and `other`, in the order given; returns their number."""
    n = 0
    run_start = 0
    width = values.size
    rank[:] = 0.0
    first = 0  # place in `order` of the first item of the run of equal values
    last_value = 0.0
    for place in range(width):
        item = order[place]
        value = values[item]
        if value != value:  # missing values are sorted to the end
            break
        if other[item] != other[item]:
            continue
        if n > 0 and value != last_value:
            _share(order, values, other, rank, first, place, 0.5 * (run_start + 1 + n))
            first, run_start = place, n
        if n == 0:
            first = place
        last_value = value
        n += 1
    if n > 0:
        _share(order, values, other, rank, first, width, 0.5 * (run_start + 1 + n))
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _share(order, values, other, rank, start, stop, mean_rank):
    for place in range(start, stop):
        item = order[place]
        if values[item] != values[item]:
            break
        if other[item] == other[item]:
            rank[item] = mean_rank
