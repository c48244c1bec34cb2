"""What if this line were not there? Each breakage must be noticed, or the simulation proves nothing about it.

A mutant breaks one rule of the server, or of the client, by monkeypatching; where it needs some trouble to show, its seeds
are given more of that. It is caught as soon as one seed fails that does not fail without it; one that survives all its
seeds fails the run.

    python -m lab.simulation.mutants
"""

from lab.simulation.mutants import client, session, writer_and_hub
from lab.simulation.mutants.registry import MUTANTS, Mutant, adjust

FIRST = 500_000

__all__ = ["FIRST", "MUTANTS", "Mutant", "adjust", "client", "session", "writer_and_hub"]
