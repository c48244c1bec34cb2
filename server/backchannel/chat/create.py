"""Puts a chat together: the list of its parts, and how they are connected. Everything a part uses, it is given here."""

import socket
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from msgspec import structs
from starlette.types import ASGIApp

from backchannel import __version__
from backchannel.accounts import credential_uses, sweeping
from backchannel.accounts.absent import those_who_may_use
from backchannel.accounts.authenticate import Authenticator
from backchannel.accounts.identity import Ended
from backchannel.accounts.people import provide_people
from backchannel.accounts.policy_checks import PolicyChecks
from backchannel.accounts.running_chats import RunningChat
from backchannel.accounts.schemes import Schemes
from backchannel.accounts.site_policy import site_policy
from backchannel.accounts.verdicts import Verdicts
from backchannel.chat.chat import Chat
from backchannel.chat.lifespan import Parts
from backchannel.chat.metrics_access import metrics_access
from backchannel.chat.revocations import Revocations
from backchannel.chat.sender_check import sender_check
from backchannel.chat.staff_check import staff_check
from backchannel.commands.context import Context
from backchannel.commands.delivery import Delivery
from backchannel.commands.publish import publish_all, publisher
from backchannel.config import ChatConfig
from backchannel.evidence import metrics as evidence_metrics
from backchannel.evidence.starting import evidence_from
from backchannel.fanout.bus import Bus
from backchannel.fanout.envelopes import PersonEnvelope, PresenceEnvelope, RevocationEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.presence import Presence
from backchannel.fanout.presence_broadcast import PresenceBroadcaster
from backchannel.files.runner import FileRunner
from backchannel.files.storage import store_of
from backchannel.fleet.doctor import Doctor
from backchannel.fleet.endpoints import fleet_endpoints
from backchannel.fleet.kept import Kept
from backchannel.followers import FOLLOWERS
from backchannel.followers.follower import Follower
from backchannel.followers.notifications import NotificationFollower
from backchannel.followers.runner import FollowerRunner
from backchannel.intents.runner import IntentRunner
from backchannel.notifier.push_tests import PushTests
from backchannel.notifier.pushing import Pusher
from backchannel.notifier.runner import Notifier
from backchannel.ops.backups import BackupWatch
from backchannel.ops.health import exposition
from backchannel.ops.metrics import about
from backchannel.ops.metrics.listener import MetricsListener, Text
from backchannel.ops.watch import Watch
from backchannel.ops.workers import Workers
from backchannel.outgoing import OutgoingClient
from backchannel.queries.events import missing_events
from backchannel.schedule.runner import ScheduleRunner
from backchannel.store.clock import now_us
from backchannel.store.log import Log
from backchannel.store.read_pool import ReadPool
from backchannel.store.serving_lock import ServingLock
from backchannel.transports import metrics as transport_metrics
from backchannel.transports.gate import Gate
from backchannel.transports.identity import Issue
from backchannel.transports.maintenance import PeriodicTasks
from backchannel.transports.node import Node
from backchannel.transports.rates import Rates
from backchannel.transports.reconnect_limiter import AT_ONCE, WAITING, ReconnectLimiter
from backchannel.transports.session import Settings


def create(
    config: ChatConfig,
    bus: Bus | None = None,
    *,
    pages: ASGIApp | None = None,
    followers: Sequence[Follower] = FOLLOWERS,
    workers: Workers | None = None,
    metrics: socket.socket | None = None,
    doctor: Sequence[str] = (),
) -> Chat:
    """The chat: an ASGI application with a lifespan.

    `bus`: None for what `config.redis_urls` names. `pages`: what answers at all addresses but the chat's own, in the standalone server
    alone. `workers`: the processes of one supervisor that this is one of. `metrics`: listens, for the metrics alone.
    `doctor`: the command that examines this server and prints what it finds as JSON, if there is one.
    """
    clock = time.monotonic
    bus = bus or bus_from(config.redis_urls)
    reads = ReadPool()
    delivery = Delivery(publisher(bus))
    hub = Hub(bus, lambda cursors: reads.run(missing_events, cursors), clock, delivery.flush_soon)
    log = Log(delivery, on_connection_lost=reads.reconnect)
    delivery.connect(hub.flush, log.progress)
    presence = Presence(uuid.uuid4().hex[:12])
    evidence = evidence_from(
        config,
        settings.SECRET_KEY,
        presence.node,
        __version__,
        lambda: watch.is_bus_up,
        lambda: evidence_metrics.pace_of(len(hub.served_users), transport_metrics.sends_taken()),
    )
    broadcaster = PresenceBroadcaster(hub, presence, clock)
    files = store_of(config.files)
    limits = config.limits if files is not None else structs.replace(config.limits, upload_size=0)
    site_code = ReadPool(of_the_site=True) if config.has_site_code else None
    authenticator = Authenticator(site_code or reads, config.origins, Schemes(config.authentication))
    checking = None if files is None else FileRunner(files, log, reads, config.scan)
    make_pusher = _pusher(config, log, reads, site_code or reads)
    node = Node(
        context=Context(
            log,
            reads,
            bus,
            presence,
            clock,
            limits,
            takes_files=files is not None,
            upload_total=config.upload_total,
            push_services=config.push_services if config.push_contact else None,
            push_test=None if make_pusher is None else PushTests(log, reads, clock, make_pusher).send,
        ),
        hub=hub,
        presence=presence,
        broadcaster=broadcaster,
        authenticate=authenticator.authenticate,
        issue_ticket=cast("Issue", authenticator.issue_ticket),
        issue_chat_session=cast("Issue", authenticator.issue_chat_session),
        settings=Settings(limits, config.heartbeat_s, __version__),
        rates=Rates(limits),
        files=files,
        uploaded=checking.wake if checking else lambda: None,
        provide_people=provide_people,
        gate=_gate(config, site_code),
        site_code=site_code,
        evidence=evidence.evidence,
        admission=ReconnectLimiter(config.arrivals_at_once or AT_ONCE, config.arrivals_waiting or WAITING),
    )
    maintenance = PeriodicTasks(node, authenticator.dead_among, credential_uses.write, sweeping.sweep)
    revocations = Revocations(node, authenticator, maintenance)
    runners = [FollowerRunner(follower, log, reads, presence.node) for follower in followers]
    for runner in runners:
        if runner.follower.is_woken:
            delivery.observe(runner.notice)
    notifier = None
    if any(isinstance(follower, NotificationFollower) for follower in followers):
        notifier = Notifier(log, reads, presence.node, presence.state_of, now_us, make_pusher)
    hub.handle(PresenceEnvelope, broadcaster.receive)
    hub.handle(RevocationEnvelope, revocations.receive)
    hub.handle(PersonEnvelope, lambda envelope: authenticator.forget(Ended(user_id=envelope.user.id)))
    backup_marker = None if config.backup_marker is None else Path(config.backup_marker)
    watch = Watch(
        log.disk, bus.check, log.check_writable, lambda: len(hub.served_users), BackupWatch(backup_marker).look
    )
    about.describe(__version__)
    serving_lock = ServingLock(has_bus=not isinstance(bus, MemoryBus))
    intents = IntentRunner(log, reads, partial(publish_all, bus))
    listener = None if metrics is None else MetricsListener(metrics, _metrics_text(workers))
    running = RunningChat(log.submit, revocations.announce, intents.wake)
    parts = Parts(
        node,
        bus,
        maintenance,
        revocations,
        runners,
        notifier,
        intents,
        ScheduleRunner(log, reads, sender_check(site_code or reads, node.gate), node.context.limits.content_bytes),
        checking,
        watch,
        workers,
        serving_lock,
        running,
        evidence,
        listener,
    )
    fleet = fleet_endpoints(
        node,
        Kept(config.analytics, evidence.database),
        backup_marker,
        Doctor(doctor, now_us),
        staff_check(reads),
        now_us,
    )
    return Chat(parts, pages, config.cors_origins, metrics_access(config.metrics, authenticator, reads), fleet)


def _pusher(
    config: ChatConfig, log: Log, reads: ReadPool, site_code: ReadPool
) -> Callable[[], Coroutine[Any, Any, Pusher]] | None:
    """None where nobody says whom push services may write to. `site_code`: the threads for the site's code."""
    contact = config.push_contact
    if contact is None:
        return None
    from backchannel.notifier.push_setup import pusher_of

    return partial(pusher_of, contact, log, reads, OutgoingClient(), lambda ids: site_code.run(those_who_may_use, ids))


def _metrics_text(workers: Workers | None) -> Text:
    """The text of the metrics of all workers, or of this process if it is the only one."""

    async def own() -> str:
        return exposition()

    return own if workers is None else workers.exposition


def _gate(config: ChatConfig, threads: ReadPool | None) -> Gate:
    policy = site_policy() if config.policy else None
    if policy is None:
        return Gate()
    return Gate(PolicyChecks(policy, Verdicts(config.policy_cache_s, time.monotonic)), threads)


def bus_from(urls: tuple[str, ...]) -> Bus:
    """Redis where servers are named, else the bus of a single process."""
    if not urls:
        return MemoryBus()
    from backchannel.fanout.redis import RedisBus

    return RedisBus(urls)
