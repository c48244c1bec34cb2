"""Who is shown as here: by devices, by nodes, and never toggled by a flap."""

from collections.abc import Iterable

from backchannel.fanout.presence import GRACE_S, NODE_GONE_S, REPORT_ALL_S, Presence, PresenceReport

ANN, ROOMS = 1, (7,)


class Nodes:
    """Several nodes that tell each other everything; `shown` is what each one's clients were told."""

    def __init__(self, *names: str) -> None:
        self.nodes = {name: Presence(name) for name in names}
        self.shown: dict[str, list[str]] = {name: [] for name in names}
        self.now = 1000.0

    def tell(self, name: str, reports: Iterable[PresenceReport]) -> None:
        for report in reports:
            for other, presence in self.nodes.items():
                self.shown[other] += [change.state for change in presence.receive(name, report, self.now)]

    def arrive(self, name: str, device: str) -> None:
        self.tell(name, self.nodes[name].arrive(ANN, device, ROOMS))

    def leave(self, name: str, device: str) -> None:
        self.nodes[name].leave(ANN, device, self.now)

    def pass_time(self, seconds: float, *, without: str = "") -> None:
        """Second by second, as a node's rounds do."""
        for _ in range(int(seconds)):
            self.now += 1
            for name, presence in self.nodes.items():
                if name != without:
                    self.tell(name, presence.tick(self.now))
                    self.shown[name] += [change.state for change in presence.forget_nodes(self.now)]


def test_a_person_goes_online_and_after_the_grace_offline() -> None:
    nodes = Nodes("a")
    nodes.arrive("a", "tab")
    nodes.leave("a", "tab")
    nodes.pass_time(GRACE_S + 1)
    assert nodes.shown["a"] == ["online", "offline"]
    assert nodes.nodes["a"].state_of(ANN) == "offline"


def test_a_reconnect_within_the_grace_changes_nothing() -> None:
    nodes = Nodes("a")
    nodes.arrive("a", "tab")
    for _ in range(10):
        nodes.leave("a", "tab")
        nodes.pass_time(GRACE_S - 1)
        nodes.arrive("a", "tab")
    assert nodes.shown["a"] == ["online"]


def test_consecutive_polls_are_one_presence() -> None:
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


def test_a_person_is_away_when_all_devices_are() -> None:
    nodes = Nodes("a")
    node = nodes.nodes["a"]
    nodes.arrive("a", "desk")
    nodes.arrive("a", "phone")
    nodes.tell("a", node.set_state(ANN, "desk", "away"))
    assert nodes.shown["a"] == ["online"]
    nodes.tell("a", node.set_state(ANN, "phone", "away"))
    nodes.tell("a", node.set_state(ANN, None, "online"))
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


def test_a_dead_node_does_not_end_what_other_nodes_report() -> None:
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


def test_a_node_that_starts_later_learns_everybodys_state() -> None:
    nodes = Nodes("a")
    nodes.arrive("a", "desk")
    nodes.nodes["b"], nodes.shown["b"] = Presence("b"), []
    nodes.pass_time(REPORT_ALL_S + 1)
    assert nodes.shown["b"] == ["online"]
