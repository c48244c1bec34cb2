"""Real proxies, in usual and in bad settings, between a real server and the real client.

kinds.py      which proxies there are, and how each is started     settings/   the file of each
process.py    one proxy that runs on a port of its own
scenario.py   what is done behind each proxy, and the checks at the end
doctor.py    what `backchannel doctor URL` finds behind each, compared with what it should find
python -m lab.proxies   the table (`make proxies` prepares the proxies and runs it)
"""
