"""One driver of browsers for all tests of a process: a second one beside it would find the first one's loop running and refuse."""

import os

import pytest


@pytest.fixture(scope="session")
def driver():
    """Playwright. Its loop runs in this thread, and the tests use the database beside it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        yield playwright
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
