"""The doctor beside the server. What `backchannel check` finds comes first (site/check.py); the rest takes longer or is of interest later.

standalone.py   all of it for the standalone server
django_site.py  all of it for a Django site
limits.py       open files and inodes, of the running process
database.py     clock, PostgreSQL's and SQLite's settings
mail.py         a conversation with the mail server, without a mail
backups.py      age of the newest backup; restoring it for a trial
"""
