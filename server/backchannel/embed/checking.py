"""`manage.py backchannel check`: the chat's system checks, and what only a look at the running services shows."""

from __future__ import annotations

import argparse

from backchannel.doctor.inside import django_site


def check(_: argparse.Namespace, __: object) -> int:
    """Print what is found; 1 if there is a problem."""
    problems = 0
    for finding in django_site.check():
        problems += finding.is_problem
        print(f"{'problem' if finding.is_problem else 'ok':9}{finding.text}")
    print("No problems found." if not problems else f"Problems found: {problems}.")
    return 1 if problems else 0
