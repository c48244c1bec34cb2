"""Breaks the code where the simulation does not reach, one change at a time, and runs the test that has to fail.

    python -m lab.mutants [name …]
    python -m lab.mutants --check      only verify that each can be applied; takes a moment

The simulation has mutants of its own, of everything between a socket and an SQL statement. These are of what it leaves out: the
database's settings, the process, large rooms, tenants and policies, the TypeScript client. Each is a change of text in a copy of the tree; a test that passes on
the changed copy lets the mutant survive, and a change whose place is gone fails, so that the list stays true.

Longer than 300 lines: it is one list, each mutant with the test that must notice it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mutant:
    """`edits`: (file, text that occurs once, replacement). `test`: the file and the name of the test that must fail."""

    name: str
    edits: tuple[tuple[str, str, str], ...]
    test: tuple[str, str]

    @property
    def command(self) -> list[str]:
        file, name = self.test
        if file.endswith(".py"):
            return ["python", "-m", "pytest", "-q", "-x", file, "-k", name]
        return ["vitest", "run", "--project", "@backchannel/client", file, "-t", name]


SPACES = "server/tests/conformance/test_spaces.py"
POLICY = "server/tests/conformance/test_policy.py"
API = "server/tests/api/test_api.py"
UNREAD, THREADS = "server/backchannel/store/unread.py", "server/tests/store/test_threads.py"
REPLIES, FOLLOWS = "server/backchannel/commands/thread_replies.py", "server/backchannel/store/thread_follows.py"
SEARCH, SEARCHED = "server/backchannel/store/search", "server/tests/store/search/test_search.py"
DATABASE, STATE = "server/backchannel/__init__.py", "server/backchannel/site/state.py"

MUTANTS = (
    Mutant(
        "commits are not synced",
        (
            (DATABASE, "PRAGMA synchronous=FULL;", "PRAGMA synchronous=NORMAL;"),
            (STATE, "not in {2, 3}", "not in {1, 2, 3}"),
        ),
        ("lab/process_faults/test_sync.py", "synced_by_sqlite"),
    ),
    Mutant(
        "a database that does not sync is accepted",
        ((STATE, "not in {2, 3}", "not in {0, 1, 2, 3}"),),
        ("server/tests/site/test_state.py", "does_not_sync"),
    ),
    Mutant(
        "a restored backup goes on with the old numbering",
        (("server/backchannel/site/backup_sqlite.py", 'SET epoch = ? WHERE id = 1", [epoch])', 'SET epoch = epoch WHERE id = 1 AND ? != ?", [epoch, epoch])'),),
        ("server/tests/cli/test_backup.py", "under_a_new_epoch"),
    ),
    Mutant(
        "a large room gathers without end",
        (("server/backchannel/commands/delivery.py", "call_later(gather_s, self._flush_all)", "call_later(3600.0, self._flush_all)"),),
        ("server/tests/commands/test_gathering.py", "no_longer_than_it_takes"),
    ),
    Mutant(
        "a burst within one turn of the loop closes a client that was not behind",
        (("server/backchannel/transports/websocket/outbound.py", "self._frames - self._exempt - self._newest <=", "self._frames - self._exempt <="),),
        ("server/tests/transports/test_outbound.py", "what_one_turn_of_the_loop_brings"),
    ),
    Mutant(
        "a message is tried before it is stored on the device",
        (
            ("client/src/outbox.ts", "if (state === 'sending' || !entry.stored) continue;", "if (state === 'sending') continue;"),
            ("client/src/outbox.ts", "entries.set(item.id, entry);\n    save(entry);\n", "entries.set(item.id, entry);\n    save(entry);\n    pump();\n"),
        ),
        ("client/test/outbox.test.ts", "before it is stored"),
    ),
    Mutant(
        "several messages of a room are under way at once",
        (("client/src/outbox.ts", " || busy.has(roomId)) continue;", ") continue;"),),
        ("client/test/outbox.test.ts", "one at a time"),
    ),
    Mutant(
        "an ack that does not come is waited for",
        (("client/src/sender.ts", "driver.doubt();\n      hedge();\n", "driver.doubt();\n"),),
        ("client/test/client.test.ts", ""),
    ),
    Mutant(
        "an event beyond a gap is let in",
        (("client/src/cursors.ts", "position.ahead.set(seq, event);", "position.seq = seq - 1;\n      position.ahead.set(seq, event);"),),
        ("client/test/cursors.test.ts", ""),
    ),
    Mutant(
        "the heads in a heartbeat are not looked at",
        (("client/src/replica.ts", "Object.entries(frame.heads ?? {})", "Object.entries({})"),),
        ("client/test/client.test.ts", ""),
    ),
    Mutant(
        "another epoch is taken for this one",
        (("client/src/replica.ts", "if (epoch !== null && epoch !== current) {", "if (epoch !== null && epoch === '') {"),),
        ("client/test/replica.test.ts", "another epoch"),
    ),
    Mutant(
        "a feature composed in late gets no frames of before",
        (("client/src/features/late.ts", "for (const frame of kept) added", "for (const frame of kept.slice(kept.length)) added"),),
        ("client/test/features/late.test.ts", "came before it"),
    ),
    Mutant(
        "rows are not fetched after a feature composed in late",
        (("client/src/features/late.ts", "if (kept[0]) refreshSoon();", ""),),
        ("client/test/features/late.test.ts", "rows that are right"),
    ),
    Mutant(
        "rooms whose frames were dropped are not read again",
        (("client/src/features/late.ts", "dropped.add(oldest.room_id);", "dropped.delete(oldest.room_id);"),),
        ("client/test/features/late.test.ts", "too many to keep"),
    ),
    Mutant(
        "people of another tenant are found",
        (("server/backchannel/store/people.py", 'SAME_SPACE: Final = f"p.space = (SELECT me.space FROM {PERSON} me WHERE me.id = %s)"', 'SAME_SPACE: Final = "(p.id > 0 OR p.id = %s)"'),),
        (SPACES, "whatever_a_stranger_names"),
    ),
    Mutant(
        "a room of another tenant is there",
        (("server/backchannel/store/access.py", 'p.id = %s AND p.space = r.space', 'p.id = %s'),),
        (SPACES, "whatever_a_stranger_names"),
    ),
    Mutant(
        "channels of another tenant are listed",
        (("server/backchannel/store/rooms.py", 'p.id = %s AND p.space = r.space', 'p.id = %s'),),
        (SPACES, "whatever_a_stranger_names"),
    ),
    Mutant(
        "a person is seated in a room of another tenant",
        (("server/backchannel/store/memberships.py", 'p.id = %s AND p.space = %s "', 'p.id = %s AND %s <> \'\' "'),),
        (SPACES, "across_tenants_cannot_be_written"),
    ),
    Mutant(
        "a user who moved keeps the connections of the old tenant",
        (("server/backchannel/accounts/lookup.py", 'space_of(user) == proof.space and ', ''),),
        (SPACES, "found_by_the_periodic_check"),
    ),
    Mutant(
        "a retry of a moderated message is another message",
        (("server/backchannel/commands/send_message.py", '(self.content if self.sent_as is None else self.sent_as)', 'self.content'),),
        (POLICY, "retry_is_recognised_by_what_was_sent"),
    ),
    Mutant(
        "a message overtakes one that waits for its verdict",
        (("server/backchannel/transports/gate.py", 'return is_first and self._allows', 'return self._allows'),),
        ("server/tests/transports/test_gate.py", "does_not_overtake"),
    ),
    Mutant(
        "a forgotten return of a policy allows",
        (("server/backchannel/accounts/site_policy.py", 'if verdict is True:', 'if verdict is True or verdict is None:'),),
        (POLICY, "in_the_sites_words"),
    ),
    Mutant(
        "a token never ends",
        (("server/backchannel/accounts/lookup.py", 't.expires > %s)', 't.expires > %s OR TRUE)'),),
        (API, "token"),
    ),
    Mutant(
        "the site changes a message of a room that is not locked",
        (("server/backchannel/intents/operations.py", ' or message.room_id != room_id', ''),),
        (API, "change_of_what_is_not_there"),
    ),
    Mutant(
        "chat sessions outlive the sessions of their user",
        (("server/backchannel/accounts/substitutes.py", 'model.objects.filter(user=user).delete()', 'pass'),),
        (API, "ending_the_sessions"),
    ),
    Mutant(
        "a reply that the room shows is read in the room alone",
        ((UNREAD, "AND f.read_seq >= u.seq AND", "AND f.read_seq < 0 AND"),),
        (THREADS, "recount"),
    ),
    Mutant(
        "a reply that was read in the room stays unread in its thread",
        ((UNREAD, "(u.beside IS NOT NULL OR u.seq > mb.mark OR u.seq >= f.unread_from)", "u.seq > 0"),),
        (THREADS, "recount"),
    ),
    Mutant(
        "late following marks a thread as read in the room",
        ((UNREAD, "AND f.read_seq >= u.seq AND", "AND (f.read_seq >= u.seq OR f.from_seq >= u.seq) AND"),),
        (THREADS, "stays_unread_there"),
    ),
    Mutant(
        "a thread that was marked as unread stays so when it is read",
        ((FOLLOWS, "root_id = %s\", transaction.uuid(root), person_id, room_id, seq)", "root_id = %s\", transaction.uuid(root), person_id, room_id, -1)"),),
        (THREADS, "recount"),
    ),
    Mutant(
        "reading a part of what is unread again reads all of it",
        (("server/backchannel/commands/mark_read.py", "WHEN read_seq <= %s THEN NULL", "WHEN -1 < %s THEN NULL"),),
        ("server/tests/conformance/test_unread.py", "reading_a_part"),
    ),
    Mutant(
        "one number clears no thread",
        ((UNREAD, "ELSE mb.threads_read_seq END", "ELSE 0 END"), (UNREAD, "AND f.from_seq >= mb.threads_read_seq THEN", "THEN"),
         (UNREAD, "f.read_seq >= mb.threads_read_seq THEN", "f.read_seq >= 0 THEN")),
        (THREADS, "one_number"),
    ),
    Mutant(
        "a mention follows a thread again that its reader left",
        ((FOLLOWS, "{THREAD_FOLLOW}.following IS NULL RETURNING", "TRUE RETURNING"),),
        (THREADS, "unfollow_holds"),
    ),
    Mutant(
        "who is not in the room follows a thread",
        ((FOLLOWS, "WHERE mb.state = '{MEMBER}' ", "WHERE mb.state <> '' "),),
        (THREADS, "author_of_a_thread_who_left"),
    ),
    Mutant(
        "a reply to a message of the same transaction is lost from its summary",
        ((REPLIES, "        root.count += 1\n", "        root.count += 1 if root.rev else 0\n"),),
        (THREADS, "in_one_transaction"),
    ),
    Mutant(
        "a deleted reply is still counted",
        ((REPLIES, "thread_count = thread_count - 1", "thread_count = thread_count"),),
        (THREADS, "recount"),
    ),
    Mutant(
        "a retry in another thread is taken for the first",
        (("server/backchannel/commands/send_message.py", "salt=self.thread.bytes if self.thread else", "salt=b'' if self.thread else"),),
        ("server/tests/conformance/test_threads.py", "does_not_count_twice"),
    ),
    Mutant(
        "who left sees the summary of today",
        (("server/backchannel/store/former_members.py", "message.thread_summary.rev > left_seq", "message.thread_summary.rev < 0"),),
        ("server/tests/conformance/test_threads.py", "who_left_reads"),
    ),
    Mutant(
        "a search does not look at the rooms a second time",
        ((f"{SEARCH}/searching.py", "now is not None and now.left_seq == before.left_seq", "now is not before"),),
        (SEARCHED, "removal_during_a_search"),
    ),
    Mutant(
        "who left finds what was written since",
        ((f"{SEARCH}/hits.py", "if access is None or not access.may_read(message.seq):", "if access is None:"),),
        (SEARCHED, "who_left_finds"),
    ),
    Mutant(
        "what is not indexed yet is not searched",
        ((f"{SEARCH}/searching.py", "shown = [hit for hit in (*hits, *self._tail_hits)", "shown = [hit for hit in (*hits,)"),),
        (SEARCHED, "just_written"),
    ),
    Mutant(
        "the index is believed of what changed since",
        ((f"{SEARCH}/hits.py", "found = match(self._wanted, self._names,", "found = match(type(self._wanted)(), self._names,"),),
        (SEARCHED, "count_before_they_are_indexed"),
    ),
    Mutant(
        "a page may end within one moment",
        ((f"{SEARCH}/windows.py", "reached = ms_of(step.rows[-1].id) + 1", "reached = ms_of(step.rows[-1].id)"),),
        (SEARCHED, "one_moment"),
    ),
    Mutant(
        "a step that was too wide stays as wide",
        ((f"{SEARCH}/windows.py", "width = max((high - start) // GROWTH, NARROWEST_MS)", "width = high - start"),),
        ("server/tests/store/search/test_windows.py", "always_gets_further"),
    ),
    Mutant(
        "an index of another epoch is believed",
        ((f"{SEARCH}/sqlite_file.py", "== [(VERSION, epoch)]", "!= []"),),
        (SEARCHED, "another_epoch"),
    ),
    Mutant(
        "erased words stay in the index",
        ((f"{SEARCH}/sqlite.py", '"UPDATE meta SET erased = erased | ?", [DUE]', '"UPDATE meta SET erased = erased & ?", [DUE]'),),
        ("server/tests/store/search/test_sqlite_file.py", "erased_words"),
    ),
)  # fmt: skip


def copy_tree(folder: Path) -> None:
    """Copy what git tracks or would add, and link the installed packages."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")


def runs(mutant: Mutant, folder: Path) -> bool:
    """True if its test passes in this folder."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(folder / "server"), str(folder / "tools")))}
    return (
        subprocess.run(
            mutant.command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
        ).returncode
        == 0
    )


def gone(mutant: Mutant, folder: Path) -> str:
    """What the mutant needs and is missing: the text it changes, or its test; "" if nothing is missing."""
    for file in {file for file, _, _ in mutant.edits} | {mutant.test[0]}:
        if not (folder / file).is_file():
            return f"{file} is gone"
    for file, old, _ in mutant.edits:
        if (folder / file).read_text().count(old) != 1:
            return f"its place in {file} is gone: {old!r}"
    file, name = mutant.test
    return "" if name in (folder / file).read_text() else f"its test in {file} is gone: {name}"


def check() -> int:
    """Verify that each mutant can be applied, without running tests."""
    lost = {mutant.name: problem for mutant in MUTANTS if (problem := gone(mutant, ROOT))}
    for name, problem in lost.items():
        print(f"error: {name}: {problem}", flush=True)
    print(f"{len(MUTANTS) - len(lost)} of {len(MUTANTS)} mutants can be applied", flush=True)
    return 1 if lost else 0


def hunt(mutant: Mutant, folder: Path) -> str:
    """Why the mutant fails the run; "" if its test passes without it and fails with it."""
    if lost := gone(mutant, folder):
        return lost
    texts = {file: (folder / file).read_text() for file, _, _ in mutant.edits}
    changed = dict(texts)
    for file, old, new in mutant.edits:
        changed[file] = changed[file].replace(old, new)
    if not runs(mutant, folder):
        return "its test fails, or is not there, without it"
    try:
        for file, text in changed.items():
            (folder / file).write_text(text)
        return "SURVIVED" if runs(mutant, folder) else ""
    finally:
        for file, text in texts.items():
            (folder / file).write_text(text)


def main(names: list[str]) -> int:
    if names == ["--check"]:
        return check()
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="backchannel-mutants-") as name:
        copy_tree(Path(name))
        for mutant in chosen:
            began = time.monotonic()
            wrong = hunt(mutant, Path(name))
            survivors += bool(wrong)
            print(f"{time.monotonic() - began:6.1f} s  {wrong or 'noticed'}  {mutant.name}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants noticed", flush=True)
    return 1 if survivors or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
