"""The settings of the standalone app, with a temporary data folder for the test run.

On SQLite, or, with BACKCHANNEL_TEST_DATABASE=postgres, on the server of BACKCHANNEL_TEST_POSTGRES_URL
(`tools/services.py run -- pytest` starts one). Every other BACKCHANNEL_… variable of the shell is left out,
so that a developer's settings change no result.
"""

import atexit
import os
import shutil
import tempfile

from backchannel.site.conf import PREFIX

_folder = tempfile.mkdtemp(prefix="backchannel-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

for _name in [name for name in os.environ if name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_")]:
    del os.environ[_name]
os.environ["BACKCHANNEL_DATA"] = _folder
if os.environ.get("BACKCHANNEL_TEST_DATABASE", "sqlite") == "postgres":
    os.environ["BACKCHANNEL_DATABASE_URL"] = os.environ["BACKCHANNEL_TEST_POSTGRES_URL"]

from backchannel.site.settings import *  # noqa: E402, F403
from backchannel.site.settings import DATABASES  # noqa: E402

if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # Django's default is a database in memory, where threads do not lock as they do on a file.
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(_folder, "test.sqlite3")}
    # No data outlives the test run, so commits need not wait for the disk.
    _options = DATABASES["default"]["OPTIONS"]
    _options["init_command"] = _options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
else:
    # A process has one chat elsewhere, and up to three in these tests.
    DATABASES["default"]["OPTIONS"]["pool"]["max_size"] *= 2
