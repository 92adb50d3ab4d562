"""One search column per record: name, code, phone and pinyin initials in lower case, found by any part from two characters on."""

import unicodedata

from django.db import models

from models.base.records import Record


def initials(text):
    """The pinyin initials of Chinese characters and the plain rest of the text: 杭州启衡 → hzqh. "" where there is no Chinese."""
    if not any("\u4e00" <= character <= "\u9fff" for character in text):
        return ""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="ignore")).lower()


def normalised(text):
    """Text as it is searched: full-width forms made plain, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", str(text or "")).lower().split())


class SearchableRecord(Record):
    """A record found by the texts of SEARCH_FIELDS; SEARCH_NAMES among them also by pinyin initials."""

    SEARCH_FIELDS = ("code", "name")
    SEARCH_NAMES = ("name",)

    search_text = models.TextField(editable=False, default="", blank=True)

    class Meta:
        abstract = True

    def compute_search_text(self):
        """Set search_text from the other columns; bulk writers call it for each row."""
        parts = [normalised(getattr(self, name)) for name in self.SEARCH_FIELDS]
        parts += [initials(str(getattr(self, name) or "")) for name in self.SEARCH_NAMES]
        self.search_text = " ".join(dict.fromkeys(part for part in parts if part))

    def save(self, *args, update_fields=None, **kwargs):
        self.compute_search_text()
        if update_fields is not None:
            update_fields = {*update_fields, "search_text"}
        super().save(*args, update_fields=update_fields, **kwargs)
