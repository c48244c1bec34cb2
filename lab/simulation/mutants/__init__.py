"""Each mutant breaks one rule of the server or the client; the simulation must notice, or it proves nothing about that rule.

A mutant is a monkeypatch. If certain faults or actions are needed to show it, its seeds get more of them. It is caught as soon as one seed fails that does not fail without it; one that survives all its
seeds fails the run.

    python -m lab.simulation.mutants
"""

from lab.simulation.mutants import client, session, writer_and_hub
from lab.simulation.mutants.registry import MUTANTS, Mutant, adjust

FIRST = 500_000

__all__ = ["FIRST", "MUTANTS", "Mutant", "adjust", "client", "session", "writer_and_hub"]
