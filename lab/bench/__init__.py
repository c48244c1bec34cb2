"""The benchmark: the real server and its peers, measured in one run on one machine.

    python -m lab.bench [--quick] [ROW…]        make bench, make bench-quick

__main__.py   which rows, in which order      world.py      people and rooms, written straight into a database
rows/         one file for each row           servers.py    the server and its peers as processes
load/         the load generator, in C        generator.py  talks to it
peers/        the rivals, idiomatic           machine.py    what this machine and these programs are
stats.py      medians and ratios              results.py    lab/bench/results/*.json
page.py       docs/performance.md             goals.py      what is reached
plots.py      which pictures                  svg.py        how they are drawn
tables.py     its tables                      scaling.py    the table of `workers`
capacity.py   docs/capacity.md
original.py   clients of the replaced system  compiler.py   the C programs

A row knows servers and the generator; those know no row. Nothing under server/ knows this folder.
"""
