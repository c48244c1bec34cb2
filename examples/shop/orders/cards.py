"""Finds card numbers in what people write: 13 to 19 digits, perhaps in groups, that pass the check of ISO/IEC 7812."""

import re
from itertools import accumulate

SHORTEST, LONGEST = 13, 19
GROUPS = re.compile(r"[0-9]+(?:[ -][0-9]+)*")


def has_card_number(text):
    return any(_has_one(re.split("[ -]", run)) for run in GROUPS.findall(text))


def _has_one(groups):
    """Whether some neighbours among these groups of digits are a card number. Other numbers may stand beside it."""
    for first in range(len(groups)):
        # No more than LONGEST groups can fit, however many somebody sends.
        for digits in accumulate(groups[first : first + LONGEST]):
            if SHORTEST <= len(digits) <= LONGEST and _is_checked(digits):
                return True
    return False


def _is_checked(digits):
    """Luhn's sum: every second digit from the right counts double, by the sum of its own digits."""
    doubled = "0246813579"
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(int(doubled[int(digit)]) for digit in even)) % 10 == 0
