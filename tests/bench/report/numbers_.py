"""Medians with 95 % intervals. Rates and ratios are compared on the logarithm: half and double are equally far from one."""

import math
import statistics

# Student's t, two-sided 95 %, by degrees of freedom.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228}


class Number:
    """Repetitions of one figure."""

    def __init__(self, values):
        self.values = [value for value in values if value is not None and value > 0]

    def __bool__(self):
        return bool(self.values)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def interval(self):
        if len(self.values) < 2:
            return (self.values[0], self.values[0])
        logs = [math.log(value) for value in self.values]
        half = T95.get(len(logs) - 1, 2.0) * statistics.stdev(logs) / math.sqrt(len(logs))
        middle = math.log(self.median)
        return (math.exp(middle - half), math.exp(middle + half))


def ratio(over, under):
    """Of runs that stood beside each other, pair by pair."""
    return Number([a / b for a, b in zip(over, under) if a and b])


def plain(value):
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"


def shown(number, unit=""):
    if not number:
        return "-"
    low, high = number.interval
    return f"{plain(number.median)}{unit} [{plain(low)}, {plain(high)}]"
