"""A long room in a browser while messages arrive: frames, work, memory, and what React draws."""
