"""Prints findings as they come, or all of them as JSON. Exit status: 0 nothing wrong, 1 a problem."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TextIO

from backchannel.findings import CODES, Finding


class Progress:
    """Shows the current step: one line on stderr, rewritten on a terminal; elsewhere each step is printed once."""

    def __init__(self, stream: TextIO | None = None, *, shown: bool = True) -> None:
        self._stream = stream or sys.stderr
        self._shown = shown
        self._is_terminal = self._stream.isatty()
        self._step = ""

    def __call__(self, step: str, count: str = "") -> None:
        """`count`: how far it has come, such as "35 of 95 s"; shown on a terminal only."""
        if not self._shown:
            return
        if self._is_terminal:
            print(f"\r\x1b[K{step} {count}".rstrip(), end="", file=self._stream, flush=True)
        elif step != self._step:
            print(f"{step} …", file=self._stream, flush=True)
        self._step = step

    def clear(self) -> None:
        """Remove the line, before something else is printed."""
        if self._shown and self._is_terminal and self._step:
            print("\r\x1b[K", end="", file=self._stream, flush=True)


def report(found: Iterable[Finding], progress: Progress, *, as_json: bool, subject: str) -> int:
    """Print the findings and return the exit status. `subject`: what was looked at."""
    findings = []
    for finding in found:
        findings.append(finding)
        if not as_json:
            progress.clear()
            _print(finding)
    progress.clear()
    problems = sum(finding.is_problem for finding in findings)
    if as_json:
        rows = [{**asdict(finding), "title": CODES[finding.code][0]} for finding in findings]
        json.dump({"subject": subject, "problems": problems, "findings": rows}, sys.stdout, indent=1)
        print()
    else:
        print("No problems found." if not problems else f"Problems found: {problems}.")
    return 1 if problems else 0


def _print(finding: Finding) -> None:
    print(f"{finding.word:8} {finding.code}  {finding.text}", flush=True)
    for line in finding.advice.splitlines():
        print(f"{'':14} {line}", flush=True)
