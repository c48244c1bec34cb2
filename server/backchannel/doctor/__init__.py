"""`backchannel doctor`: looks at a server from inside, or at an address from outside, and says what to change.

report.py    prints findings as they come, or as JSON; progress; the exit status
inside/      beside the server: disk, permissions, limits, clock, database, Redis, mail, backups
outside/     by the address alone: DNS, TLS, the proxy, both transports. Knows nothing of the installation, so that it runs from anywhere
bundle.py    the support bundle, which has what the doctor finds
reference.py the page of all codes
"""
