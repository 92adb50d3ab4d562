#!/usr/bin/env python
"""Backoffice's command line."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    from models.audit.commands import run_in_changeset

    run_in_changeset(sys.argv)


if __name__ == "__main__":
    main()
