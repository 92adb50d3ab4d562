"""The command line's own change set: commands of Django and its libraries that write records know nothing of `changes()`."""

from functools import partial

from django.core.management import ManagementUtility

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
    # A question to the keyboard must not be asked inside a transaction; the user manager then opens the change set.
    return argv[1] in WRAPPED and (argv[1] != "createsuperuser" or bool({"--noinput", "--no-input"} & set(argv)))


class _Utility(ManagementUtility):
    def fetch_command(self, subcommand):
        """The command; a wrapped one executes inside a change set (its run closes the connections, so that lies outside)."""
        command = super().fetch_command(subcommand)
        if _is_wrapped(self.argv):
            command.execute = partial(self._execute, command.execute)
        return command

    def _execute(self, execute, *arguments, **options):
        from models.audit.changes import changes

        with changes("command", reason=reason_of(self.argv)):
            return execute(*arguments, **options)


def run_in_changeset(argv):
    """Run a management command; those in WRAPPED inside one change set of kind “command”."""
    _Utility(argv).execute()
