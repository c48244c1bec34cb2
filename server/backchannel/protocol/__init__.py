"""What can be said: frames, commands, events, errors, and their codec. Pure: no Django, no event loop, no clock.

The contract in prose is protocol/SPEC.md at the root of the repository; what is declared here is its machine-readable side.
"""
