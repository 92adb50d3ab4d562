"""Translations are compiled without gettext, and only when they changed."""

import gettext
import os

from backoffice.translations import compile_translations

SOURCE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Order"
msgstr "订单"

#, fuzzy
msgid "Guess"
msgstr "猜测"
"""


def test_compiles_what_is_stale_and_nothing_else(tmp_path, settings):
    settings.LOCALE_PATHS = [tmp_path]
    source = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE)
    target = source.with_suffix(".mo")

    assert compile_translations() == [target]
    with target.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert catalogue.gettext("Order") == "订单"
    assert catalogue.gettext("Guess") == "Guess", "a guess of the tools is not a translation"
    assert compile_translations() == []

    os.utime(source, (target.stat().st_mtime + 1,) * 2)
    assert compile_translations() == [target]
    assert [path.name for path in sorted(source.parent.iterdir())] == ["django.mo", "django.po"]
