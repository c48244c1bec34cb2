"""Whether a person is notified of a message, and why. Pure: who asks brings the facts, the settings and the time.

decision.py     notify, wait, or not: the whole table
addressing.py   whom a text addresses: keywords, @room, @here
quiet_hours.py  the hours in which a person is not disturbed
"""
