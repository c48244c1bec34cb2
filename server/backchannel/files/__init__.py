"""The bytes of files that people send: received in pieces, looked at, re-encoded if they are pictures, kept, served, and deleted.

storage.py      where they are: any storage of Django; on a disk, synced before it is answered
receiving.py    a request's body → a piece of an upload
checker.py      a whole upload → what is served of it: put together, scanned, re-encoded
pictures.py     starts picture_child.py, the only code that decodes a picture, in a process with hard limits
kinds.py        which types are pictures, which may be played in place, and how bytes show it
thumbhash.py    the placeholder of a picture
scanning.py     the site's scanner: clamd, or a command
interruptions.py    ends what these wait for, when the node stops
runner.py       the tasks of a node: it checks what waits, and sweeps
copies.py       beside a backup of the database
sweeping.py     what nobody needs

The rows are in `store/uploads.py`; nothing here opens a database.
"""
