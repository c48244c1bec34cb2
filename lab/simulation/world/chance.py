"""All randomness of a world, from one generator, so that a seed determines everything."""

from random import Random

LONGEST_S = 10.0
"""The longest time of one step. A step slower than every deadline would be an outage, which is a fault of its own."""


class Chance:
    """`slow`: how many times longer than usual everything in threads, on the bus and in the database takes."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.random = rng.random
        self.slow = 1.0
        self.far = 1.0
        self.db_slow = 1.0

    def thread_delay(self) -> float:
        return min(LONGEST_S, 0.002 * self.random() * self.slow * self.db_slow)

    def commit_delay(self) -> float:
        return min(LONGEST_S, 0.005 * self.random() * self.slow * self.db_slow)

    def bus_delay(self) -> float:
        return 0.004 * self.random() * self.slow

    def latency(self) -> float:
        return (0.002 + 0.03 * self.random()) * self.far
