"""The wire protocol: frames, commands, events, errors and their codec. Pure: no Django, no event loop, no clock.

The prose contract is protocol/SPEC.md at the root of the repository; this package is its machine-readable side.
"""
