"""Collects every text that users can meet, from our sources and from Unfold's (which ships no translations), without outside tools."""

import ast
import re
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

NAMES = {"_", "_t", "gettext", "gettext_lazy", "gettext_noop"}
PLURALS = {"ngettext", "ngettext_lazy"}
CONTEXTS = {"pgettext", "pgettext_lazy"}
FOLDERS = ("backoffice", "models", "admin_config", "flows", "dashboards", "fixtures")
LANGUAGES = ("zh_Hans", "zh_Hant")


def collect():
    """{(context, msgid, plural or None): first place} of all translatable texts."""
    found = {}
    for root in [settings.BASE_DIR / folder for folder in FOLDERS] + [_unfold()]:
        for path in sorted(root.rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                _from_python(path.read_text(encoding="utf-8"), str(path), found)
            elif path.suffix in (".html", ".svg", ".txt") and "templates" in path.parts:
                _from_python_like(templatize(path.read_text(encoding="utf-8")), str(path), found)
    return found


def _unfold():
    import unfold

    return Path(unfold.__file__).parent


def _from_python(source, place, found):
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for a in node.args]
        if name in NAMES and texts and texts[0]:
            found.setdefault((None, texts[0], None), f"{place}:{node.lineno}")
        elif name in PLURALS and len(texts) > 1 and texts[0]:
            found.setdefault((None, texts[0], texts[1]), f"{place}:{node.lineno}")
        elif name in CONTEXTS and len(texts) > 1 and texts[1]:
            found.setdefault((texts[0], texts[1], None), f"{place}:{node.lineno}")


_CALL = re.compile(r"\b(p?n?gettext|_)\(")


def _from_python_like(source, place, found):
    """templatize() leaves Python calls among blanked text: read each call by itself."""
    for match in _CALL.finditer(source):
        depth, end, quote = 0, match.end() - 1, ""
        while end < len(source):
            character = source[end]
            if quote:
                if character == "\\":
                    end += 1
                elif character == quote:
                    quote = ""
            elif character in "'\"":
                quote = character
            elif character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
                if not depth:
                    break
            end += 1
        call = source[match.start() : end + 1]
        try:
            _from_python(call.replace("\n", "\\n") if "'''" not in call else call, place, found)
        except SyntaxError:
            continue


def catalogue(language):
    """The product's own catalogue of a language ("zh_Hans")."""
    path = settings.BASE_DIR / "backoffice" / "locale" / language / "LC_MESSAGES" / "django.po"
    if path.exists():
        return polib.pofile(str(path), wrapwidth=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = polib.POFile(wrapwidth=0)
    file.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit", "Plural-Forms": "nplurals=1; plural=0;"}
    file.metadata["Language"] = language
    file.fpath = str(path)
    return file


def is_translated(entry):
    """True if every form of the entry has a text."""
    return all(entry.msgstr_plural.values()) if entry.msgid_plural else bool(entry.msgstr)


def update(language):
    """Bring the catalogue in step with the sources: new texts are added empty, gone ones leave. Returns how many are untranslated."""
    file, wanted = catalogue(language), collect()
    known = {(entry.msgctxt, entry.msgid): entry for entry in file}
    file.clear()
    for context, text, plural in sorted(wanted, key=lambda key: (key[1].lower(), key[1], key[0] or "")):
        entry = known.get((context, text)) or polib.POEntry(msgctxt=context, msgid=text, msgstr="")
        if plural:
            entry.msgid_plural = plural
            entry.msgstr_plural = entry.msgstr_plural or {0: ""}
        entry.occurrences, entry.flags, entry.obsolete = [], [], False
        file.append(entry)
    file.save(file.fpath)
    return sum(not is_translated(entry) for entry in file)
