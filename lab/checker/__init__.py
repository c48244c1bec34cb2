"""Reads the history of a run and names every broken promise. The simulation and the chaos runs are judged by it.

checks.py    the records of a history, and what is checked      ends.py     the end state: every screen against what is stored
history.py   the records, indexed                               links.py    what one socket or poll may send next
"""
