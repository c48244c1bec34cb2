"""Real proxies, in their usual and their worst settings, between a real server and the real client.

species.py   which proxies there are, and how each is started     settings/   what each is told
keeper.py    one proxy that runs on a port of its own
visit.py     what two devices behind a proxy live through, and what is wrong with it in the end
python -m zoo   the table (in e2e/; `make zoo` prepares the proxies and runs it)
"""
