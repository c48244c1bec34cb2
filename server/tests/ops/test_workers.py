"""`/metrics` of any worker has the metrics of all, labelled by worker."""

from functools import partial
from pathlib import Path

import prometheus_client
import pytest
from prometheus_client import Counter
from prometheus_client.parser import text_string_to_metric_families

from backchannel.ops import workers
from backchannel.ops.workers import Workers, merged

TEXT = """# HELP sends_total Sends, "all" of them.
# TYPE sends_total counter
sends_total{{way="web{{}}"}} {count}
sends_total{{way="rest"}} 1.0
# HELP waiting Waiting.
# TYPE waiting gauge
waiting {count}
"""


def test_metrics_get_a_worker_label_and_stay_in_their_families() -> None:
    page = merged({0: TEXT.format(count="5.0"), 1: TEXT.format(count="7.0"), 2: None})
    families = {family.name: family for family in text_string_to_metric_families(page)}
    assert page.count("# TYPE sends_total counter") == 1
    found = {(s.labels["worker"], s.labels.get("way")): s.value for s in families["sends"].samples}
    assert found == {("0", "web{}"): 5, ("0", "rest"): 1, ("1", "web{}"): 7, ("1", "rest"): 1}
    assert {s.labels["worker"]: s.value for s in families["waiting"].samples} == {"0": 5, "1": 7}
    assert {s.labels["worker"]: s.value for s in families["backchannel_worker_up"].samples} == {"0": 1, "1": 1, "2": 0}


def test_the_librarys_output_can_be_merged_and_parsed_again() -> None:
    own = prometheus_client.generate_latest().decode()
    page = merged({0: own, 1: own})
    assert sum(1 for _ in text_string_to_metric_families(page)) > 10
    assert "_created" not in page


async def test_a_worker_that_replaces_another_counts_the_starts_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    for _ in range(3):
        restarts = Counter("restarts", "Of one process.", registry=None)
        monkeypatch.setattr(workers, "restarts", restarts)
        worker = Workers(tmp_path, 1, lambda: "")
        await worker.start()
        await worker.stop()
        counted.append(next(iter(restarts.collect())).samples[0].value)
    assert counted == [0, 1, 2]


async def test_every_worker_answers_with_the_metrics_of_all(tmp_path: Path) -> None:
    both = [Workers(tmp_path, number, partial(TEXT.format, count=f"{number}.0")) for number in range(2)]
    for worker in both:
        await worker.start()
    pages = [await worker.exposition() for worker in both]
    assert pages[0] == pages[1]
    assert 'waiting{worker="1"} 1.0' in pages[0]
    await both[1].stop()
    (tmp_path / "1.sock").touch()  # it died without a word
    assert 'backchannel_worker_up{worker="1"} 0' in await both[0].exposition()
    again = Workers(tmp_path, 1, lambda: TEXT.format(count="9.0"))
    await again.start()
    assert 'waiting{worker="1"} 9.0' in await both[0].exposition()
    for worker in (both[0], again):
        await worker.stop()
