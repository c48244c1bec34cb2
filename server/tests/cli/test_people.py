from tests.cli.conftest import Run


def test_every_account_becomes_a_person_once(run: Run) -> None:
    run("createuser", "--new", "ada")
    run("createuser", "bot", "--bot")
    assert run("sync-people").out == "0 people made, 0 changed, 2 unchanged, 0 erased.\n"
    assert run("sync-people", "--erase-missing").out == "0 people made, 0 changed, 2 unchanged, 0 erased.\n"
