"""Readers of the rooms' logs with a durable cursor in each room: what is derived from the log after the commit.

    commit ─▶ Delivery ─▶ notice: which rooms moved ─┐
    every few seconds ───────────────────────────────┴─▶ hold the lease ─▶ stretches behind their cursors ─▶ prepare
                                                             ▲                                                  │
                                                             └──── next batch ◀── apply and move the cursors ◀──┘

follower.py   what a follower is          runner.py    the loop that runs one
cursors.py    its operations              activity.py  a follower: messages a day
                                          search.py    a follower: the search index
                                          notifications.py  a follower: which people a message may concern

A follower costs a send next to nothing: it reads what is committed, and applies many rooms in one commit. A crash costs reading a batch again. One node runs it at a time, by a
lease; another takes over when the lease ends. How far it is behind is a number (`backchannel followers`, and in `/metrics`).
"""

from typing import Final

from backchannel.followers.activity import ActivityFollower
from backchannel.followers.follower import Follower
from backchannel.followers.notifications import NotificationFollower
from backchannel.followers.search import SearchFollower

FOLLOWERS: Final[tuple[Follower, ...]] = (ActivityFollower(), SearchFollower(), NotificationFollower())
"""Every one there is. A new one is entered here."""
