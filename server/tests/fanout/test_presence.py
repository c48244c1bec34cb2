"""A person's presence, combined from devices and nodes; a short reconnect does not change it."""

from collections.abc import Iterable

from backchannel.fanout.presence import GRACE_S, NODE_GONE_S, REPORT_ALL_S, Presence, PresenceReport

ANN, ROOMS = 1, (7,)


class Nodes:
    """Several nodes that receive each other's reports; `shown` has the changes that each one sent to its clients."""

    def __init__(self, *names: str) -> None:
        self.nodes = {name: Presence(name) for name in names}
        self.shown: dict[str, list[str]] = {name: [] for name in names}
        self.now = 1000.0

    def publish(self, name: str, reports: Iterable[PresenceReport]) -> None:
        for report in reports:
            for other, presence in self.nodes.items():
                self.shown[other] += [change.state for change in presence.receive(name, report, self.now)]

    def arrive(self, name: str, device: str) -> None:
        self.publish(name, self.nodes[name].arrive(ANN, device, ROOMS))

    def leave(self, name: str, device: str) -> None:
        self.nodes[name].leave(ANN, device, self.now)

    def pass_time(self, seconds: float, *, without: str = "") -> None:
        """Tick once a second, as a node's periodic task does; the node `without` is dead."""
        for _ in range(int(seconds)):
            self.now += 1
            for name, presence in self.nodes.items():
                if name != without:
                    self.publish(name, presence.tick(self.now))
                    self.shown[name] += [change.state for change in presence.forget_nodes(self.now)]


def test_a_person_goes_online_and_after_the_grace_period_offline() -> None:
    nodes = Nodes("a")
    nodes.arrive("a", "tab")
    nodes.leave("a", "tab")
    nodes.pass_time(GRACE_S + 1)
    assert nodes.shown["a"] == ["online", "offline"]
    assert nodes.nodes["a"].state_of(ANN) == "offline"


def test_a_reconnect_within_the_grace_period_is_not_shown() -> None:
    nodes = Nodes("a")
    nodes.arrive("a", "tab")
    for _ in range(10):
        nodes.leave("a", "tab")
        nodes.pass_time(GRACE_S - 1)
        nodes.arrive("a", "tab")
    assert nodes.shown["a"] == ["online"]


def test_a_device_that_polls_stays_online_between_polls() -> None:
    nodes = Nodes("a")
    for _ in range(5):
        nodes.arrive("a", "phone")
        nodes.pass_time(25)
        nodes.leave("a", "phone")
        nodes.pass_time(1)
    assert nodes.shown["a"] == ["online"]


def test_a_device_with_two_links_stays_online_when_one_closes() -> None:
    nodes = Nodes("a")
    nodes.arrive("a", "tab")
    nodes.arrive("a", "tab")
    nodes.leave("a", "tab")
    nodes.pass_time(GRACE_S * 2)
    assert nodes.shown["a"] == ["online"]


def test_a_person_is_away_when_all_of_their_devices_are() -> None:
    nodes = Nodes("a")
    node = nodes.nodes["a"]
    nodes.arrive("a", "desk")
    nodes.arrive("a", "phone")
    nodes.publish("a", node.set_state(ANN, "desk", "away"))
    assert nodes.shown["a"] == ["online"]
    nodes.publish("a", node.set_state(ANN, "phone", "away"))
    nodes.publish("a", node.set_state(ANN, None, "online"))
    assert nodes.shown["a"] == ["online", "away", "online"]
    assert node.set_state(2, None, "away") == []


def test_every_node_shows_the_best_state_that_any_node_reports() -> None:
    nodes = Nodes("a", "b")
    nodes.arrive("a", "desk")
    nodes.arrive("b", "phone")
    nodes.leave("a", "desk")
    nodes.pass_time(GRACE_S + 1)
    assert nodes.shown == {"a": ["online"], "b": ["online"]}
    nodes.leave("b", "phone")
    nodes.pass_time(GRACE_S + 1)
    assert nodes.shown == {"a": ["online", "offline"], "b": ["online", "offline"]}


def test_a_person_on_a_dead_and_on_a_living_node_stays_online() -> None:
    nodes = Nodes("a", "b")
    nodes.arrive("a", "desk")
    nodes.arrive("b", "phone")
    nodes.pass_time(NODE_GONE_S + 2, without="a")
    assert nodes.shown["b"] == ["online"]
    nodes.leave("b", "phone")
    nodes.pass_time(GRACE_S + 1, without="a")
    assert nodes.shown["b"] == ["online", "offline"]


def test_a_person_whom_only_a_dead_node_reported_is_offline() -> None:
    nodes = Nodes("a", "b")
    nodes.arrive("a", "desk")
    nodes.pass_time(NODE_GONE_S + 2, without="a")
    assert nodes.shown["b"] == ["online", "offline"]


def test_a_node_that_starts_later_learns_the_state_of_everybody() -> None:
    nodes = Nodes("a")
    nodes.arrive("a", "desk")
    nodes.nodes["b"], nodes.shown["b"] = Presence("b"), []
    nodes.pass_time(REPORT_ALL_S + 1)
    assert nodes.shown["b"] == ["online"]
