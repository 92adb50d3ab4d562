"""Collects every text that users can meet and keeps the catalogues of the languages in step, by Python alone.

Texts come from our own sources, from the installed packages (Unfold ships no translations, others know only some languages) and
from Django where its own translation is missing or addresses people in another tone than this product does.
"""

import ast
import re
from pathlib import Path

import django
import polib
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize

FOLDERS = ("backoffice", "models", "admin_config", "flows", "dashboards", "fixtures")
LANGUAGES = ("zh_Hans", "zh_Hant")
# Screens say 你, and nothing is shouted.
FOREIGN_TONE = ("您", "！")

# Which arguments of a translating function are the context, the text and the plural.
ARGUMENTS = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}


def collect():
    """{(context, text, plural): first place}; context and plural may be None."""
    found = {}
    for path in _own_files():
        _read(path, found)
    for root in _packages():
        for path in sorted(root.rglob("*")):
            if not {"contrib", "tests", "management"} & set(path.relative_to(root).parts):
                _read(path, found)
    for context, text, plural, place in _django_texts():
        found.setdefault((context, text, plural), place)
    return found


def unreadable():
    """Places of our own sources where the translated text is put together at run time, so that no catalogue can hold it."""
    places = []
    for path in _own_files():
        if path.suffix == ".py":
            for call, (_context, text, _plural) in _calls(ast.parse(path.read_text(encoding="utf-8"))):
                if len(call.args) > text and isinstance(call.args[text], ast.JoinedStr | ast.BinOp | ast.Call):
                    places.append(f"{path.relative_to(settings.BASE_DIR)}:{call.lineno}")
    return places


def untimely():
    """Places of our own sources that translate while the module loads, before anybody's language is known."""
    places = []
    for path in _own_files():
        if path.suffix == ".py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            eager = {
                name.asname or name.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
                for name in node.names
                if name.name in ARGUMENTS and not name.name.endswith(("_lazy", "_noop"))
            }
            places += [f"{path.relative_to(settings.BASE_DIR)}:{line}" for line in _calls_at_load(tree, eager)]
    return places


def _calls_at_load(node, names):
    """Lines of the calls of these names outside functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in names:
            yield child.lineno
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _calls_at_load(child, names)


def _own_files():
    for folder in FOLDERS:
        yield from sorted((settings.BASE_DIR / folder).rglob("*"))


def _packages():
    """Folders of the installed apps that are neither ours nor Django's."""
    for config in apps.get_app_configs():
        if config.name.split(".")[0] not in (*FOLDERS, "django"):
            yield Path(config.path)


def _django_texts():
    """(context, text, plural, place) of Django's texts that one of our languages lacks or says in a foreign tone."""
    root = Path(django.__file__).parent
    folders = [root / "conf", *(Path(config.path) for config in apps.get_app_configs() if config.name.startswith("django."))]
    for folder in folders:
        english = folder / "locale" / "en" / "LC_MESSAGES" / "django.po"
        if not english.exists():
            continue
        known = [
            {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(folder / "locale" / language / "LC_MESSAGES" / "django.po"))}
            for language in LANGUAGES
        ]
        for entry in polib.pofile(str(english)):
            translations = [entries.get((entry.msgctxt, entry.msgid)) for entries in known]
            if not all(translation and translation.translated() and _in_our_tone(translation) for translation in translations):
                yield entry.msgctxt, entry.msgid, entry.msgid_plural or None, f"{folder.relative_to(root.parent)}"


def _in_our_tone(entry):
    return not any(mark in text for mark in FOREIGN_TONE for text in (entry.msgstr, *entry.msgstr_plural.values()))


def _read(path, found):
    if path.suffix == ".py" and "migrations" not in path.parts:
        _from_python(path.read_text(encoding="utf-8"), _place(path), found)
    elif path.suffix in (".html", ".svg", ".txt") and "templates" in path.parts:
        _from_template(templatize(path.read_text(encoding="utf-8")), _place(path), found)


def _place(path):
    parts = path.parts
    return "/".join(parts[parts.index("site-packages") + 1 :]) if "site-packages" in parts else str(path.relative_to(settings.BASE_DIR))


def _calls(tree):
    """(call, positions of its context, text and plural) of the translating calls, whatever name they were imported under."""
    names = dict(ARGUMENTS)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names.update({name.asname or name.name: ARGUMENTS[name.name] for name in node.names if name.name in ARGUMENTS})
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in names:
                yield node, names[name]


def _from_python(source, place, found, first_line=0):
    for call, positions in _calls(ast.parse(source)):
        context, text, plural = (_constant(call.args, position) for position in positions)
        if text:
            found.setdefault((context, text, plural), f"{place}:{first_line + call.lineno}")


def _constant(arguments, position):
    if position is None or position >= len(arguments):
        return None
    value = getattr(arguments[position], "value", None)
    return value if isinstance(value, str) else None


_CALL = re.compile(r"\b(n?p?gettext|_)\(")


def _from_template(source, place, found):
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
            _from_python(call.replace("\n", "\\n"), place, found, source.count("\n", 0, match.start()))
        except SyntaxError:
            continue


def catalogue(language):
    """The product's own catalogue of a language ("zh_Hans")."""
    path = settings.BASE_DIR / "backoffice" / "locale" / language / "LC_MESSAGES" / "django.po"
    if path.exists():
        return polib.pofile(str(path), wrapwidth=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = polib.POFile(wrapwidth=0)
    file.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
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
    for context, text, plural in sorted(wanted, key=lambda key: (key[1].lower(), key[1], key[0] or "", not key[2])):
        if file and (file[-1].msgctxt, file[-1].msgid) == (context, text):
            continue
        entry = known.get((context, text)) or polib.POEntry(msgctxt=context, msgid=text, msgstr="")
        if plural:
            entry.msgid_plural = plural
            entry.msgstr_plural = entry.msgstr_plural or {0: ""}
        entry.occurrences, entry.flags, entry.obsolete = [], [], False
        file.append(entry)
    file.save(file.fpath)
    return sum(not is_translated(entry) for entry in file)
