from backchannel.fanout.bus import Bus
from backchannel.fanout.memory import MemoryBus
from tests.fanout.bus_suite import BusSuite


class TestMemoryBus(BusSuite):
    def make(self) -> Bus:
        return MemoryBus()
