"""People and what they prove themselves with: accounts, sessions, tokens, tickets, invitations.

On the path this stands before the transports: `authenticate` turns a connection's headers into an
`Identity`, `revocation` says when one has ended. Rooms and messages are unknown here.
"""
