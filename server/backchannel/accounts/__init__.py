"""Accounts and their credentials: people, sign-ins, tokens, tickets, invitations.

Transports call this package: `authenticate` turns a connection's headers into an `Identity`, and `revocation` announces when a
credential has ended. This package knows nothing of rooms and messages.
"""
