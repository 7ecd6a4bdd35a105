"""Expressions as the steps of one pass over a block of symbols; each column keeps its place only while needed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from finml_core.features.expression import Expression
from finml_core.features.operations import CODES, N_OUT, NUMBER, REGISTER, SLOT, WIDTH, is_by_value, takes_numbers
from finml_core.typing import FloatArray, IntArray

TILE = 4096  # values at least that operations value by value work on together: they stay in a core's own caches
N_COLUMNS = 8  # of the panel that a program may read; compiled code takes as many, empty ones included


@dataclass(frozen=True)
class Program:
    """What `machine.run` needs to know.

    Attributes
    ----------
    steps, numbers, constants : as `machine.run` has them
    n_registers, n_slots : most columns of a tile, and of a block, that are needed at a time
    """

    steps: IntArray
    numbers: FloatArray
    constants: FloatArray
    n_registers: int
    n_slots: int

    def layout(self, shape: tuple[int, int]) -> tuple[int, int, int, int]:
        """Places in memory of the first register and slot, and the sizes of both, for a block of (n_rows, n_lanes)."""
        n_rows, n_lanes = shape
        tile = max(TILE // n_lanes // WIDTH, 1) * WIDTH * n_lanes
        registers = WIDTH * len(self.constants)
        return registers, registers + tile * self.n_registers, tile, math.ceil(n_rows * n_lanes / WIDTH) * WIDTH

    def size(self, shape: tuple[int, int]) -> int:
        """Values of memory that a block of (n_rows, n_lanes) takes."""
        _, slots, _, stride = self.layout(shape)
        return slots + self.n_slots * stride

    def run(
        self,
        columns: Sequence[FloatArray],
        places: IntArray,
        shape: tuple[int, int],
        memory: FloatArray,
        out: np.ndarray,
        targets: IntArray,
    ) -> None:
        """Write the expressions, in the order in which they were given, into the rows `targets` of `out`.

        Parameters
        ----------
        columns : up to `N_COLUMNS` arrays, by the numbers that `load` knows them by
        places : array (4, n_symbols), as `machine.run` has it
        shape : rows of the longest lane, and lanes
        memory : array of at least `size(shape)` values, which hold anything afterwards
        out : array (n_columns, n_values) of float64 or float32
        """
        from finml_core.features.machine import run

        given = tuple(map(_read_only, columns))
        absent = (_read_only(np.empty(0)),) * (N_COLUMNS - len(given))
        wide, narrow = (out, NARROW) if out.dtype == np.float64 else (WIDE, out)
        run(
            self.steps, self.numbers, self.constants, given + absent, shape[1], places,
            memory, self.layout(shape), targets, wide, narrow,
        )  # fmt: skip


WIDE, NARROW = np.empty((0, 0)), np.empty((0, 0), dtype=np.float32)


def make_program(outputs: Sequence[Expression]) -> Program:
    """The steps that compute expressions; what several share is computed once."""
    return _Layout(_List(outputs)).program()


@dataclass
class _Step:
    """One operation: the values that go in, and those that come out."""

    name: str
    sources: tuple[int, ...]
    numbers: tuple[float, ...]
    made: tuple[int, ...] = ()


class _List:
    """Each different operation once, after those that it needs; values are numbered, constants among them."""

    def __init__(self, outputs: Sequence[Expression]):
        self.steps: list[_Step] = []
        self.constants: dict[int, float] = {}  # by value number
        self.n_values = 0
        self._made: dict[tuple, tuple[int, ...]] = {}
        self._known: dict[int, int] = {}  # by identity of the expression, all of which `outputs` keep alive
        for number, expression in enumerate(outputs):
            self.steps.append(_Step("write", (self._value(expression),), (float(number),)))

    def _value(self, expression: Expression) -> int:
        if id(expression) not in self._known:
            sources = tuple(map(self._value, expression.sources))
            key = (expression.operation, sources, expression.numbers)
            if key not in self._made:
                self._made[key] = self._make(*key)
            self._known[id(expression)] = self._made[key][expression.part]
        return self._known[id(expression)]

    def _make(self, name: str, sources: tuple[int, ...], numbers: tuple[float, ...]) -> tuple[int, ...]:
        count = N_OUT.get(name, 1)
        made = tuple(range(self.n_values, self.n_values + count))
        self.n_values += count
        if name == "number":
            self.constants[made[0]] = numbers[0]
        else:
            if name == "lag" and numbers[0] < 0:
                raise ValueError(f"a lag must be at least 0 bars, got {numbers[0]:g}: no expression reads a later row")
            if not takes_numbers(name) and any(source in self.constants for source in sources):
                raise TypeError(f"{name} is of columns, not of a number")
            self.steps.append(_Step(name, sources, numbers, made))
        return made


@dataclass
class _Pool:
    """Places of one kind that are handed out again once given back."""

    kind: int
    count: int = 0
    free: list[int] = field(default_factory=list)

    def take(self) -> int:
        if self.free:
            return self.free.pop()
        self.count += 1
        return 4 * (self.count - 1) + self.kind

    def give_back(self, place: int) -> None:
        self.free.append(place)


class _Layout:
    """Gives each value a place for as long as it is needed.

    Neighbouring operations value by value are a group. What only a group needs is a register, which holds one tile.
    What is needed beyond, or by `lag`, which reaches back to earlier tiles, is a slot, which holds a block.
    """

    def __init__(self, listed: _List):
        self.listed = listed
        self.groups = _groups(listed.steps)
        self.place = {value: 4 * number + NUMBER for number, value in enumerate(listed.constants)}
        self.registers, self.slots = _Pool(REGISTER), _Pool(SLOT)
        self.last_use: dict[int, int] = {}
        self.needs_slot: set[int] = set()
        group_of = {number: first for first, stop in self.groups for number in range(first, stop)}
        maker = {value: number for number, step in enumerate(listed.steps) for value in step.made}
        for number, step in enumerate(listed.steps):
            for value in step.sources:
                self.last_use[value] = number
                if value in maker and (step.name == "lag" or group_of[maker[value]] != group_of[number]):
                    self.needs_slot.add(value)
            if not is_by_value(step.name):
                self.needs_slot.update(step.made)

    def program(self) -> Program:
        """All steps in one table."""
        numbers: list[float] = []
        rows = np.zeros((len(self.listed.steps), 10), dtype=np.int64)
        for first, stop in self.groups:
            used = set()
            for number in range(first, stop):
                step = self.listed.steps[number]
                for value in step.made:
                    self.place[value] = (self.slots if value in self.needs_slot else self.registers).take()
                places = [[self.place[value] for value in values] for values in (step.made, step.sources)]
                settings = step.numbers
                by_value = is_by_value(step.name)
                start = int(settings[0]) if step.name == "write" else len(numbers)
                rows[number] = [
                    CODES[step.name], *_three(places[0]), *_three(places[1]), start, start + len(settings),
                    stop if by_value else 0,
                ]  # fmt: skip
                if step.name != "write":
                    numbers += settings
                used.update(step.made, step.sources)
                self._give_back(used, number, registers_only=True)
            self._give_back(used, stop - 1, registers_only=False)
        constants = np.array(list(self.listed.constants.values()), dtype=np.float64)
        return Program(rows, np.array(numbers), constants, self.registers.count, self.slots.count)

    def _give_back(self, values: set[int], number: int, *, registers_only: bool) -> None:
        """Free what is not needed after a step; a slot only after its group, as a later tile may reach back to it."""
        for value in list(values):
            in_slot = value in self.needs_slot
            if value in self.listed.constants or (in_slot and registers_only) or self.last_use.get(value, -1) > number:
                continue
            values.discard(value)
            (self.slots if in_slot else self.registers).give_back(self.place[value])


def _groups(steps: Sequence[_Step]) -> list[tuple[int, int]]:
    """First step, and the one after the last, of each run of operations value by value; all others are alone."""
    groups: list[tuple[int, int]] = []
    for number, step in enumerate(steps):
        if groups and is_by_value(step.name) and is_by_value(steps[number - 1].name):
            groups[-1] = (groups[-1][0], number + 1)
        else:
            groups.append((number, number + 1))
    return groups


def _read_only(column: FloatArray) -> FloatArray:
    """The column in one piece, and read-only whoever owns it: compiled code has one signature."""
    view = np.ascontiguousarray(column).view()
    view.flags.writeable = False
    return view


def _three(places: Sequence[int]) -> tuple[int, ...]:
    return tuple(places) + (0,) * (3 - len(places))
