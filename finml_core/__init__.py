"""FinML's core: from bars to an honest answer. Import from the packages below it."""

__version__ = "0.1.0"
