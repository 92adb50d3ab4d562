"""The command line's own change set: commands of Django and its libraries that write records know nothing of `changes()`."""

from django.core.management import execute_from_command_line

# Short commands that only write. Whoever runs long (runserver, worker, migrate, demo) opens change sets of its own.
WRAPPED = {"loaddata", "createsuperuser"}
SECRET_OPTIONS = ("password", "secret", "token", "key")


def reason_of(argv):
    """The command as typed, with the values of secret options left out."""
    words, hide = [], False
    for word in argv[1:]:
        name, equals, _value = word.partition("=")
        secret = name.startswith("-") and any(part in name.lower() for part in SECRET_OPTIONS)
        words.append("…" if hide else f"{name}=…" if secret and equals else word)
        hide = secret and not equals
    return " ".join(words)


def _is_wrapped(argv):
    if len(argv) < 2 or argv[1] not in WRAPPED or {"--help", "-h"} & set(argv):
        return False
    # A question to the keyboard must not be asked inside a transaction; the user manager then opens the change set.
    return argv[1] != "createsuperuser" or bool({"--noinput", "--no-input"} & set(argv))


def run_in_changeset(argv):
    """Run a management command; those in WRAPPED inside one change set of kind “command”."""
    if _is_wrapped(argv):
        import django

        django.setup()
        from models.audit.changes import changes

        with changes("command", reason=reason_of(argv)):
            execute_from_command_line(argv)
    else:
        execute_from_command_line(argv)
