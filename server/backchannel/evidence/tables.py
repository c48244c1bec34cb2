"""Writes rows to the tables, and joins what a client reports with what the server saw.

All methods are called within a transaction of the writer's thread, in the order in which things happened. What a client reports may come
before or after the server notices the same end, so a cause is decided twice, and counted once: at the end by the server alone where that
is certain, and at the report by both.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from backchannel.evidence import metrics
from backchannel.evidence.causes import Cause, Stage
from backchannel.evidence.classify import ALIKE_OF, Reached, Sighting, Verdict, classify
from backchannel.evidence.errors import ErrorGroups
from backchannel.evidence.recordings import keep_recording
from backchannel.evidence.rows import SEEN_ROOMS, Arrived, Ended, Failed, Reported, Row, RowIds, Seen, attempt_number
from backchannel.evidence.words import Words
from backchannel.protocol.codec import encode
from backchannel.protocol.reports import AttemptReport
from backchannel.store.driver import Driver

TRANSPORTS: Final = {"websocket": 0, "http": 1}
SUMMARY_BYTES: Final = 1024

_ARRIVED: Final = (
    "INSERT INTO ops_connection (id, session, attempt, person, device, transport, node, network, agent, via, client, reached, status,"
    " received, stage, cause) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
_ENDED: Final = (
    "UPDATE ops_connection SET lived_ms = %s, code = %s, reason = %s, received = %s, client = COALESCE(%s, client),"
    " device = COALESCE(%s, device), stage = COALESCE(%s, stage), cause = COALESCE(%s, cause) WHERE id = %s"
)
_REACHED: Final = tuple(Reached)


class Tables:
    def __init__(self, node: str, ids: RowIds, errors: ErrorGroups) -> None:
        """`ids`: for attempts that only a client saw."""
        self.node = node
        self._ids = ids
        self._errors = errors
        self.words = Words()

    def write(self, driver: Driver, rows: Sequence[Row]) -> list[Verdict]:
        """The verdicts that are new, to be counted once the transaction is committed."""
        counted: list[Verdict] = []
        for kind, some in groupby(rows, type):
            each: Any = list(some)
            if kind is Arrived:
                counted += self._arrived(driver, each)
            elif kind is Seen:
                self._seen(driver, each)
            elif kind is Ended:
                counted += self._ended(driver, each)
            elif kind is Reported:
                for row in each:
                    counted += self._reported(driver, row)
            else:
                self._failed(driver, each)
        return counted

    # -- what the server saw

    def _arrived(self, driver: Driver, rows: Sequence[Arrived]) -> list[Verdict]:
        """A handshake that was refused has its cause at once."""
        verdicts = []
        values = []
        for row in rows:
            verdict = None
            if row.reached is not Reached.ACCEPTED:
                verdict = classify(None, Sighting(row.reached, row.status))
                verdicts.append(verdict)
            values.append(self._values(driver, row, row.reached, verdict))
        driver.execute_many(_ARRIVED, values)
        return verdicts

    def _values(self, driver: Driver, row: Arrived, reached: Reached | None, verdict: Verdict | None) -> Sequence[Any]:
        origin = row.origin
        id_of = self.words.id_of
        return (
            row.id,
            row.session,
            row.attempt,
            origin.person,
            row.device,
            TRANSPORTS[row.transport],
            id_of(driver, "node", self.node),
            id_of(driver, "network", origin.network),
            id_of(driver, "agent", origin.agent),
            id_of(driver, "via", origin.via),
            id_of(driver, "client", row.client),
            None if reached is None else _REACHED.index(reached),
            row.status,
            0,
            id_of(driver, "stage", verdict.stage if verdict else ""),
            id_of(driver, "cause", (verdict.cause or "") if verdict else ""),
        )

    @staticmethod
    def _seen(driver: Driver, rows: Sequence[Seen]) -> None:
        """Added to what the connection had seen: keeping that with each connection would take more memory than all else of the evidence."""
        merged: dict[int, dict[int, int]] = {}
        for row in rows:
            merged.setdefault(row.id, {}).update(row.rooms)
        values = []
        for row_id, rooms in merged.items():
            found = driver.query("SELECT seen FROM ops_connection WHERE id = %s", [row_id])
            if found:
                before = msgspec.json.decode(found[0][0] or b"{}", type=dict[int, int])
                seen = {**{room: seq for room, seq in before.items() if room not in rooms}, **rooms}
                values.append((encode(dict(list(seen.items())[-SEEN_ROOMS:])).decode(), row_id))
        driver.execute_many("UPDATE ops_connection SET seen = %s WHERE id = %s", values)

    def _ended(self, driver: Driver, rows: Sequence[Ended]) -> list[Verdict]:
        """Causes that are certain without the client's report are stored at once. Most ends are ordinary, and cost one statement of a batch."""
        counted: list[Verdict] = []
        values: list[Sequence[Any]] = []
        id_of = self.words.id_of
        for row in rows:
            verdict = None
            if row.transport == "websocket" and (row.reason == "link_lost" or _certain(row) is not None):
                # The lives before this one may be among those that wait.
                driver.execute_many(_ENDED, values)
                values = []
                verdict, is_new = self._verdict_at_end(driver, row)
                counted += [verdict] if verdict is not None and is_new else []
            values.append(
                (
                    row.lived_ms,
                    row.code,
                    id_of(driver, "reason", row.reason),
                    row.received,
                    id_of(driver, "client", row.client),
                    row.device,
                    id_of(driver, "stage", verdict.stage if verdict else ""),
                    id_of(driver, "cause", (verdict.cause or "") if verdict else ""),
                    row.id,
                )
            )
        driver.execute_many(_ENDED, values)
        return counted

    def _verdict_at_end(self, driver: Driver, row: Ended) -> tuple[Verdict | None, bool]:
        """The cause as the server alone sees it, and whether it is the first; None if the client has reported, or may know more."""
        found = driver.query("SELECT cause, person FROM ops_connection WHERE id = %s", [row.id])
        if not found:  # it was dropped, or deleted since
            return None, False
        known, person = found[0]
        if self.words.word_of(driver, known) not in {"", Cause.UNKNOWN}:
            return None, False
        lives = self._lives_before(driver, person, row.device, row.id) if row.reason == "link_lost" else []
        return _certain(row, lives), known is None

    def _lives_before(self, driver: Driver, person: int | None, device: int | None, row_id: int) -> list[float]:
        """How long the last links of this client lived that were cut, in seconds, oldest first. Found by the index of persons: one of
        devices would take a seventh of the table."""
        if person is None or device is None:
            return []
        lost = self.words.id_of(driver, "reason", "link_lost")
        rows = driver.query(
            "SELECT lived_ms FROM ops_connection WHERE person = %s AND device = %s AND id < %s AND transport = 0 AND reason = %s"
            f" ORDER BY id DESC LIMIT {ALIKE_OF - 1}",
            [person, device, row_id, lost],
        )
        return [lived / 1000 for (lived,) in reversed(rows)]

    # -- what a client reports

    def _reported(self, driver: Driver, row: Reported) -> list[Verdict]:
        keep_recording(driver, self._ids.next(row.at_us), row)
        counted = []
        for attempt in row.report.attempts:
            counted += self._join(driver, attempt, row)
        return counted

    def _join(self, driver: Driver, attempt: AttemptReport, row: Reported) -> list[Verdict]:
        """Only rows of the same person are joined: an id that somebody else guessed changes nothing."""
        if attempt.id is None:  # another tab holds the socket, and reports it
            return []
        number = attempt_number(attempt.id)
        found = driver.query(
            "SELECT id, reached, status, received, code, reason, cause, person, summary FROM ops_connection WHERE attempt = %s",
            [number],
        )
        mine = [each for each in found if each[7] is None or each[7] == row.origin.person]
        if found and not mine:
            return []
        at_us = row.at_us - (attempt.age + attempt.lived) * 1000
        row_id, server, known, summary = self._ids.next(at_us), None, None, None
        if mine:
            row_id, reached, status, received, code, reason, known, _, summary = mine[0]
            if reached is not None:
                word = self.words.word_of(driver, reason)
                server = Sighting(_REACHED[reached], status, received or 0, code, word)
        if summary is not None:  # reported before: the answer was lost
            return []
        lives = self._lives_before(driver, row.origin.person, row.device, row_id)
        verdict = classify(attempt, server, [*lives, attempt.lived / 1000])
        if not mine:
            self._insert_unseen(driver, row_id, number, row)
        id_of = self.words.id_of
        driver.execute(
            "UPDATE ops_connection SET stage = %s, cause = %s, summary = %s, device = COALESCE(device, %s), person = COALESCE(person, %s),"
            " lived_ms = COALESCE(lived_ms, %s) WHERE id = %s",
            (
                id_of(driver, "stage", verdict.stage),
                id_of(driver, "cause", verdict.cause or ""),
                encode(msgspec.structs.replace(attempt, id=None)).decode()[:SUMMARY_BYTES],
                row.device,
                row.origin.person,
                attempt.lived,
                row_id,
            ),
        )
        return [verdict] if verdict.cause is not None and known is None else []

    def _insert_unseen(self, driver: Driver, row_id: int, number: int, row: Reported) -> None:
        """Inserts the row of an attempt that never reached the server."""
        client = metrics.client_label(row.report.client.name)
        arrived = Arrived(row_id, "websocket", row.origin, status=0, attempt=number, client=client, device=row.device)
        driver.execute(_ARRIVED, self._values(driver, arrived, None, Verdict(Stage.REACH, None)))

    # -- errors

    def _failed(self, driver: Driver, rows: Sequence[Failed]) -> None:
        for row in rows:
            self._errors.add(driver, row)


def _certain(row: Ended, lives_before: Sequence[float] = ()) -> Verdict | None:
    """None where nothing failed, or only the client can say what."""
    sighting = Sighting(Reached.ACCEPTED, 101, row.received, row.code, row.reason)
    verdict = classify(None, sighting, [*lives_before, row.lived_ms / 1000])
    return None if verdict.cause in {None, Cause.UNKNOWN} else verdict
