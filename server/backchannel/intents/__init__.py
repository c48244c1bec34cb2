"""Requests of the site's own code to the chat, stored in that code's transaction and applied by a node after its commit.

    site's transaction ─▶ a row (store/intents.py) ─▶ commit ─▶ a node is woken ─▶ apply and delete the row, in one transaction

kinds.py       what there is to be done     operations.py   how the writer carries it out
applying.py    the operation that applies what waits, in order
runner.py      the loop of a node           doorbell.py     notices what other processes have left
report.py      for an operator: what was refused, and another try

A rollback takes the row along. A row is applied and deleted in one transaction, so a crash in between changes nothing. A message's id is
in its row, or made of the site's own key, so that even a repeated intent stores it once.
"""
