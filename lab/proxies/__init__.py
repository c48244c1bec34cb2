"""Real proxies, in their usual and their worst settings, between a real server and the real client.

kinds.py      which proxies there are, and how each is started     settings/   the file of each
process.py    one proxy that runs on a port of its own
scenario.py   what two devices behind a proxy live through, and what is wrong with it in the end
python -m lab.proxies   the table (`make proxies` prepares the proxies and runs it)
"""
