"""Compiled loops over groups of a panel's rows, such as the symbols of one timestamp.

Groups lie one after the other in `rows`: group g owns rows[offsets[g]] .. rows[offsets[g + 1] - 1]. A missing value is
in no group. Sums run from the least value up, so that the order of symbols does not even change a rounding.
"""

import numpy as np

from finml_core.features.compiling import compiled

SAMPLED = 16  # values from which the middle of a group is guessed
FARTHEST = 1e9  # spreads from the middle that the last bucket begins with
SPARSE = 2  # buckets a value
CROWDED = 64  # members of one bucket above which a general sort is quicker


@compiled
def list_rows(codes, n_groups):
    """Row numbers in the order of their groups, and the groups' offsets; rows of code -1 are left out."""
    offsets = np.zeros(n_groups + 1, dtype=np.int64)
    for code in codes:
        if code >= 0:
            offsets[code + 1] += 1
    for group in range(n_groups):
        offsets[group + 1] += offsets[group]
    rows = np.empty(offsets[n_groups], dtype=np.int64)
    free = offsets[:n_groups].copy()
    for row in range(codes.size):
        code = codes[row]
        if code >= 0:
            rows[free[code]] = row
            free[code] += 1
    return rows, offsets


@compiled
def compare(column, rows, offsets, ranks, percentiles, demeaned):
    """Rank from 1 (equal values share their mean rank), (rank - 1/2) / count, and value less mean.

    Columns of no size are not asked for; missing where the value is.
    """
    widest = 0
    for group in range(offsets.size - 1):
        widest = max(widest, offsets[group + 1] - offsets[group])
    value = np.empty(widest)
    place = np.empty(widest, dtype=np.int64)  # known values from the left, missing ones from the right
    ordered = np.empty(widest)
    rank = np.empty(widest)
    owner = np.empty(widest, dtype=np.int64)
    bucket = np.empty(widest, dtype=np.int64)
    first = np.empty(SPARSE * widest + 1, dtype=np.int64)
    for group in range(offsets.size - 1):
        count, free = 0, widest
        for i in range(offsets[group], offsets[group + 1]):
            x = column[rows[i]]
            if x == x:
                value[count] = x
                place[count] = rows[i]
                count += 1
            else:
                free -= 1
                place[free] = rows[i]
        if count > 0:
            _sort(value[:count], place[:count], ordered, owner, bucket, first)
        total = 0.0
        for i in range(count):
            total += ordered[i]
            rank[i] = i + 1.0
        _share_ranks(ordered, rank, count)
        mean = total / max(count, 1)
        if ranks.size:
            for i in range(count):
                ranks[owner[i]] = rank[i]
        if percentiles.size:
            for i in range(count):
                percentiles[owner[i]] = (rank[i] - 0.5) / count
        if demeaned.size:
            for i in range(count):
                demeaned[owner[i]] = ordered[i] - mean
        for i in range(free, widest):
            if ranks.size:
                ranks[place[i]] = np.nan
            if percentiles.size:
                percentiles[place[i]] = np.nan
            if demeaned.size:
                demeaned[place[i]] = np.nan


@compiled
def _share_ranks(ordered, rank, count):
    """Give equal values the mean of their ranks."""
    stop = 0
    for i in range(1, count):
        if i >= stop and ordered[i] == ordered[i - 1]:
            stop = i + 1
            while stop < count and ordered[stop] == ordered[i]:
                stop += 1
            for j in range(i - 1, stop):
                rank[j] = (i + stop) / 2


@compiled
def _sort(value, place, ordered, owner, bucket, first):
    """Ascending `value` and its `place`, into `ordered` and `owner`.

    Each value falls into one of more buckets than there are values, by a rising function of its distance from the
    middle of a few of them; then an insertion sort mends the order within buckets.
    """
    count = value.size
    centre, spread = _middle(value)
    scale = 1.0 / spread
    n_buckets = SPARSE * count
    first[: n_buckets + 1] = 0
    for i in range(count):
        z = min(max((value[i] - centre) * scale, -FARTHEST), FARTHEST)
        chosen = min(int((0.5 + 0.5 * z / (1.0 + abs(z))) * n_buckets), n_buckets - 1)
        bucket[i] = chosen
        first[chosen + 1] += 1
    fullest = 0
    for i in range(n_buckets):
        fullest = max(fullest, first[i + 1])
        first[i + 1] += first[i]
    if fullest > CROWDED:
        _merge_sort(value, place, ordered, owner)
        return
    for i in range(count):
        to = first[bucket[i]]
        first[bucket[i]] = to + 1
        ordered[to] = value[i]
        owner[to] = place[i]
    _insertion_sort(ordered, owner, count)


@compiled
def _insertion_sort(ordered, owner, count):
    for i in range(1, count):
        x = ordered[i]
        if ordered[i - 1] > x:
            whose = owner[i]
            j = i
            while j > 0 and ordered[j - 1] > x:
                ordered[j] = ordered[j - 1]
                owner[j] = owner[j - 1]
                j -= 1
            ordered[j] = x
            owner[j] = whose


@compiled
def _merge_sort(value, place, ordered, owner):
    """Ascending `value` and its `place`, which are written over, into `ordered` and `owner`."""
    count = value.size
    width = 1
    while width == 1 or width < count:
        for start in range(0, count, 2 * width):
            middle, stop = min(start + width, count), min(start + 2 * width, count)
            left, right = start, middle
            for i in range(start, stop):
                from_left = right >= stop or (left < middle and value[left] <= value[right])
                taken = left if from_left else right
                ordered[i] = value[taken]
                owner[i] = place[taken]
                left += from_left
                right += not from_left
        for i in range(count):
            value[i], place[i] = ordered[i], owner[i]
        width *= 2


@compiled
def _middle(value):
    """Median and half of the range between the quartiles of up to 31 values; 1 where that is nothing."""
    step = max(1, value.size // SAMPLED)
    few = value[::step].copy()
    _insertion_sort(few, np.zeros(few.size, dtype=np.int64), few.size)
    spread = (few[(3 * few.size) // 4] - few[few.size // 4]) / 2
    return few[few.size // 2], spread if spread > 0.0 else 1.0


@compiled
def group_means(column, rows, offsets):
    """Mean of the known values of each group; missing where there is none."""
    out = np.full(offsets.size - 1, np.nan)
    for group in range(offsets.size - 1):
        total = 0.0
        count = 0
        for i in range(offsets[group], offsets[group + 1]):
            x = column[rows[i]]
            if x == x:
                total += x
                count += 1
        if count > 0:
            out[group] = total / count
    return out
