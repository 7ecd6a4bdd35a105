"""What expressions are made of, by name and by the number that compiled code knows it by."""

# value by value: of two columns, of three, of one, and of one with its settings
ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, COPYSIGN, GREATER, GREATER_EQUAL, EQUAL, RATIO, WHERE = range(12)
LOG, SQRT, ABSOLUTE, SIGN, TANH, ERF, PRICE, VOLUME, LAG, HIDE, WRITE = range(12, 23)
# whole columns, each value from several rows
LOAD, SUM, MAX, MIN, AGE_OF_MAX, AGE_OF_MIN, MEAN_DEVIATION, EXPONENTIAL_MEAN, MOMENTS, COMOMENTS = range(23, 33)
AUTOCOMOMENT, TREND, SHAPE, LOW, RANK, BIN, ENTROPY, WEIGHTED_SUM = range(33, 41)

CODES = {name.lower(): code for name, code in list(globals().items()) if isinstance(code, int)}
N_OUT = {"moments": 2, "trend": 2, "comoments": 3, "shape": 3}  # columns that come out, where they are several

NUMBER, REGISTER, SLOT = 1, 2, 3  # kinds of places that a column lies at; a place is 4 times its number, and its kind
WIDTH = 8  # doubles in the widest register; narrower machines take two or four


def is_by_value(name: str) -> bool:
    """Whether a value needs no other rows than its own, or one of a column that is already there (`lag`)."""
    return CODES[name] <= WRITE


def takes_numbers(name: str) -> bool:
    """Whether any of its sources may be a number instead of a column."""
    return CODES[name] <= WHERE
