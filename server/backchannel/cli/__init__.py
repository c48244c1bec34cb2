"""The command line `backchannel`. Read in this order:

main.py      runs one command and turns expected failures into one line
parser.py    all commands, their options and help texts
setup.py     settings, environment file, database: what every command does first
server.py    serve, migrate, check
support.py   support-bundle
users.py     user
access.py    tokens, invite
rooms.py     room
upkeep.py    audit, mail, retention, secret
accounts.py  createuser, setup-address, token
backups.py   backup, restore, promote
doctor.py    doctor, probe
follow.py    followers, intents, activity
people.py    sync-people
files.py     files

A Django site has some of them as its management command `backchannel` (in embed/). `options.choice` is None there: the database is the site's.
"""

from backchannel.cli.main import main

__all__ = ["main"]
