"""Random faults against real processes: what may break is broken at random from a seed, and nothing may be lost by it.

plan.py        what is broken when: pure, from a seed       cluster.py     the processes, and what stands between them
catalogue.py   every fault by name: how it is begun, ended  devices/       people's devices on the real client (TypeScript)
run.py         one seed, from start to verdict              pages.py       people in Chromium
final_state.py what is stored in the end, and who waits     results.py     the table
"""
