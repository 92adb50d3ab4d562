"""Tasks that leave their marks as files, so that a test sees how far they came."""

import time
from pathlib import Path

from django_tasks import task


@task()
def work(mark, seconds):
    """Write a line when it begins and one when it ends."""
    with Path(mark).open("a") as file:
        print("begun", file=file, flush=True)
        time.sleep(seconds)
        print("ended", file=file, flush=True)
