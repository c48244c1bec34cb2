"""The whole chat in one process under a virtual clock: nodes, clients, a network, a bus and a database, all from one seed.

    loop.py      an event loop with a virtual clock and a seeded choice of what runs next
    seams.py     where the server's own code meets the world: the database, the clock, the logs
    world/       nodes, their database, bus and network, and the writer without its thread
    clients/     a client that follows the rules of SPEC.md to the letter
    scenario.py  what happens in one seed     run.py  one seed → its history and what is wrong with it
    mutants/     deliberate breakages, each of which must be noticed

Everything between the socket and SQLite is the server's own code, unmodified: connection, poll, session, catch-up, hub,
presence, maintenance, commands, the writer's grouping, the store and its SQL. Two runs of a seed are equal to the last byte.

    make simulate                                          10,000 seeds and the mutants
    python -m lab.simulation --seeds 0:10000
"""
