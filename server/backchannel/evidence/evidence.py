"""The interface through which transports report events of a connection. No call waits or raises.

    handshake ─▶ refused │ accepted ─▶ a row's id, which the connection keeps ─▶ greeted ─▶ live ─▶ seen … ─▶ ended
    a client that polls ─▶ polling ───────────────────────────────────────────────────────────────────────▶ ended
    POST /api/report ─▶ reported

With analytics off there are no rows: metrics alone are counted.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from backchannel.evidence import metrics
from backchannel.evidence.causes import Cause
from backchannel.evidence.classify import Reached, Sighting, classify
from backchannel.evidence.errors import place_in_browser, place_of, sample_of, scrubbed
from backchannel.evidence.handshakes import Origins, attempt_of, device_of, is_attempt
from backchannel.evidence.rows import Arrived, Ended, Failed, Reported, Row, RowIds, Seen, attempt_number
from backchannel.evidence.settings import EvidenceSettings
from backchannel.protocol.reports import BrowserError, Report, Timings, Transport

NO_ROW: Final = 0
REFUSED_PER_SECOND: Final = 50
"""Rows of refused handshakes, at most: anybody can make them. Those beyond are counted by metrics alone."""

_LOST: Final = frozenset({"closed", "timeout", "zombie", "going_away"})
"""How a proven link ends that somebody still wants."""


class Evidence:
    def __init__(
        self,
        settings: EvidenceSettings,
        put: Callable[[Row], None],
        ids: RowIds,
        now_us: Callable[[], int],
        version: str = "",
    ) -> None:
        """`put` takes a row from any thread, and does not wait. `now_us`: µs since 1970. `version`: of this server, for errors."""
        self._settings = settings
        self._origins = Origins(settings)
        self._put = put
        self._ids = ids
        self._now_us = now_us
        self._version = version
        self._is_kept = settings.analytics != "off"
        self._refused_second = 0
        self._refused = 0

    # -- handshakes

    def refused(self, scope: Mapping[str, Any], reached: Reached, status: int) -> None:
        """A handshake was answered with `status`, before anybody was asked who sent it."""
        if not is_attempt(scope):
            return
        now_us = self._now_us()
        if not self._is_kept or not self._may_keep_refusal(now_us):
            metrics.count_failures([classify(None, Sighting(reached, status))])
            return
        origin = self._origins.of(scope, None, now_us)
        self._put(Arrived(self._ids.next(now_us), "websocket", origin, reached, status, attempt_of(scope)))

    def accepted(self, scope: Mapping[str, Any], person: int, session_id: str) -> int:
        """Return the id of its row, for the calls that follow."""
        if not self._is_kept:
            return NO_ROW
        now_us = self._now_us()
        row = self._ids.next(now_us)
        origin = self._origins.of(scope, person, now_us)
        self._put(Arrived(row, "websocket", origin, attempt=attempt_of(scope), session=attempt_number(session_id)))
        return row

    def polling(self, scope: Mapping[str, Any], person: int, client: str, instance: str | None) -> int:
        """A client polls that did not before."""
        if not self._is_kept:
            return NO_ROW
        now_us = self._now_us()
        row = self._ids.next(now_us)
        origin = self._origins.of(scope, person, now_us)
        device = device_of(instance, self._settings)
        self._put(Arrived(row, "http", origin, status=200, client=metrics.client_label(client), device=device))
        return row

    # -- connections

    def greeted(self, transport: Transport, client: str) -> str:
        """The client said who it is. Returns its label, for `ended`."""
        label = metrics.client_label(client)
        metrics.connections.labels(transport, label).inc()
        return label

    def live(self, transport: Transport, *, resumed: bool) -> None:
        metrics.opened.labels(transport, "yes" if resumed else "no").inc()
        if transport == "websocket" and resumed:
            metrics.recoveries.inc()

    def seen(self, row: int, rooms: Mapping[int, int]) -> None:
        if row != NO_ROW and rooms:
            self._put(Seen(row, rooms))

    def ended(
        self,
        row: int,
        transport: Transport,
        *,
        client: str,
        instance: str | None,
        code: int,
        reason: str,
        seconds: float,
        received: int,
    ) -> None:
        """`client`: as `greeted` returned it; "" if it never was."""
        if client:
            metrics.connections.labels(transport, client).dec()
        metrics.count_end(transport, code, reason, seconds)
        if row != NO_ROW:
            device = device_of(instance, self._settings)
            self._put(Ended(row, transport, int(seconds * 1000), code, reason, received, client, device))
        elif transport == "websocket":
            verdict = classify(None, Sighting(Reached.ACCEPTED, 101, received, code, reason), [seconds])
            if verdict.cause is not None:
                metrics.count_failures([verdict])

    # -- reports

    def reported(self, report: Report, scope: Mapping[str, Any], person: int) -> None:
        metrics.reports.labels("taken").inc()
        _count(report)
        if not self._is_kept:
            return
        now_us = self._now_us()
        device = device_of(report.client.instance, self._settings)
        if report.attempts or report.recorder:
            self._put(Reported(now_us, self._origins.of(scope, person, now_us), report, device))
        for error in report.errors:
            self._put(_failure(error, now_us, report.client.version))

    # -- errors

    def failed(self, error: BaseException, reference: str) -> None:
        """From any thread. `reference`: as its answer had it; "" if nobody waited for one."""
        metrics.errors.labels("server").inc()
        kind = type(error).__name__
        where, sample = place_of(error), sample_of(error)
        self._put(Failed(self._now_us(), "server", kind, where, sample, reference, self._version))

    def _may_keep_refusal(self, now_us: int) -> bool:
        second = now_us // 1_000_000
        if second != self._refused_second:
            self._refused_second, self._refused = second, 0
        self._refused += 1
        return self._refused <= REFUSED_PER_SECOND


def no_evidence() -> Evidence:
    """The evidence of a node whose connections are not stored, whatever the settings say."""
    return Evidence(EvidenceSettings(), lambda _: None, RowIds(0), lambda: 0)


def _count(report: Report) -> None:
    """The report's part in the metrics."""
    timed: tuple[tuple[str, Timings | None], ...] = (("websocket", report.websocket), ("http", report.http))
    for transport, timings in timed:
        if timings is not None:
            metrics.delivery.labels(transport).add(timings.delivery)
            metrics.send.labels(transport).add(timings.send)
            metrics.rtt.labels(transport).add(timings.rtt)
    for attempt in report.attempts:
        if attempt.phase == "live" and attempt.ended in _LOST:
            cause = classify(attempt, None).cause or Cause.UNKNOWN
            metrics.fallbacks.labels(cause.value).inc()
        for phase, took_ms in zip(metrics.PHASES, attempt.took, strict=False):
            metrics.phase.labels(phase).observe(took_ms / 1000)
    metrics.errors.labels("browser").inc(sum(error.count for error in report.errors))


def _failure(error: BrowserError, now_us: int, version: str) -> Failed:
    where = place_in_browser(error.stack)
    sample = scrubbed(f"{error.kind}: {error.text}\n{error.stack}")
    return Failed(now_us, "browser", scrubbed(error.kind), where, sample, version=scrubbed(version), count=error.count)
