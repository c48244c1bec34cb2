"""Random faults, from a seed, against real nodes, databases, networks and clients; no promise may break.

plan.py        the faults and their times, from a seed; pure       cluster.py     the processes, and the proxies between them
catalogue.py   every fault: how it starts and ends        devices/       people's devices on the real client (TypeScript)
run.py         one seed, from start to checks              pages.py       people in Chromium
final_state.py what is stored at the end; what devices miss     results.py     the table
"""
