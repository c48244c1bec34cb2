"""Sends scheduled messages when their time has come, from whichever node looks first.

    every second: what is due? ─▶ ask the site's policy ─▶ the log's writer: store the message and delete the row, in one transaction

No node owns this work, and no lease is kept: the row's lock is held until the commit, and a second node finds no row behind it. The
message's id, fixed when it was scheduled, holds even where rows come back, as after a restore: a stored id is not stored again.
"""
