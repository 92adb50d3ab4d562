"""Settings for the processes that tests start: what takes a minute in life takes seconds here."""

import os

os.environ["BACKOFFICE_TEST_VAR"] = os.environ["BACKOFFICE_VAR"]

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

if "sqlite3" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"]["timeout"] = 1
WORKER_BEAT_SECONDS, WORKER_DEAD_SECONDS = 0.5, 2
