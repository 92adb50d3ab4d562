"""Node types of the route. What decides at once is stored once, as done; people's tasks carry the columns of the inbox.

Nothing here guards against exceptions as the originals do: a route moves inside the decider's transaction, and what fails
must fail as a whole and reach him as a sentence.
"""

from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Edge
from viewflow.workflow.nodes.end import EndActivation
from viewflow.workflow.nodes.func import FunctionActivation
from viewflow.workflow.nodes.if_gate import IfActivation
from viewflow.workflow.nodes.join import JoinActivation
from viewflow.workflow.nodes.split import SplitActivation
from viewflow.workflow.nodes.start import StartHandleActivation
from viewflow.workflow.nodes.switch import SwitchActivation
from viewflow.workflow.nodes.view import ViewActivation
from viewflow.workflow.status import PROCESS, STATUS

from flows.hours import add_working_hours


def unsaved_task(flow_task, prev_activation, token, **columns):
    """A task of the route that follows another, linked to it when it is first stored."""
    task = flow_task.flow_class.task_class(process=prev_activation.process, flow_task=flow_task, token=token, **columns)
    task.round = prev_activation.process.round
    task.arrived_from = prev_activation.task
    return task


class StoredOnce:
    """An activation whose task is stored when it is complete."""

    @classmethod
    def create(cls, flow_task, prev_activation, token, data=None, seed=None):
        return cls(unsaved_task(flow_task, prev_activation, token, started=timezone.now()))

    # An unsaved row has no hash; while the route moves, an activation is only itself.
    __hash__ = object.__hash__

    def __eq__(self, other):
        return self is other


class BeginActivation(StartHandleActivation):
    @Activation.status.super()
    def execute(self):
        """Store the process and go on. Its row is new: nobody else can hold or wait for it."""
        self.process.save()
        self.complete()
        self.activate_next()


class Begin(flow.StartHandle):
    """The start, by code."""

    activation_class = BeginActivation


class QuestionActivation(StoredOnce, IfActivation):
    @Activation.status.super()
    def activate(self):
        self._condition_result = self.flow_task._condition(self)


class Question(flow.If):
    """Which of two ways?"""

    activation_class = QuestionActivation

    def _outgoing(self):
        yield Edge(src=self, dst=self._on_true, edge_class="cond_true", label=_("yes"))
        yield Edge(src=self, dst=self._on_false, edge_class="cond_false", label=_("no"))


class ChoiceActivation(StoredOnce, SwitchActivation):
    @Activation.status.super()
    def activate(self):
        self.next_task = next(node for node, condition in self.flow_task._branches if condition is None or condition(self))


class Choice(flow.Switch):
    """Which of several ways? The default comes last."""

    activation_class = ChoiceActivation


class StepActivation(StoredOnce, FunctionActivation):
    @Activation.status.super()
    def activate(self):
        self.flow_task._func(self)


class Step(flow.Function):
    """Something the route does itself."""

    activation_class = StepActivation


class FinishActivation(StoredOnce, EndActivation):
    @Activation.status.super()
    def activate(self):
        self.process.status, self.process.finished = PROCESS.DONE, timezone.now()
        self.process.save()


class Finish(flow.End):
    """The end. A route has one token at a time outside its levels, so nothing else can still be open."""

    activation_class = FinishActivation


class FanOutActivation(StoredOnce, SplitActivation):
    @Activation.status.super()
    def activate(self):
        target = self.flow_task._branches[0][0]
        self.next_tasks = [(target, item) for item in self.flow_task._items(self)]


class FanOut(flow.Split):
    """A split whose branches come from data: one task for each of `items(activation)`."""

    activation_class = FanOutActivation

    def __init__(self, items, **options):
        super().__init__(**options)
        self._items = items

    def _resolve(self, instance):
        super()._resolve(instance)
        self._items = this.resolve(instance, self._items)


class ApproveActivation(ViewActivation):
    @classmethod
    def create(cls, flow_task, prev_activation, token, data=None, seed=None):
        """A task for a person or a role. `data`: an approver of the frozen level with that level's names, reasons and hours."""
        now, user = timezone.now(), data.get("user")
        task = unsaved_task(flow_task, prev_activation, token, data=data, owner_id=user, role_id=data.get("role"), created=now)
        task.status, task.assigned = (STATUS.ASSIGNED, now) if user else (STATUS.NEW, None)
        task.level, task.is_added = prev_activation.process.level, data.get("is_added", False)
        task.due_at = add_working_hours(now, data["escalation"]) if data.get("escalation") else None
        task.attention_at = add_working_hours(now, data["reminder"]) if data.get("reminder") else task.due_at
        task.save()
        flow_task.flow_class.instance.on_task(task)
        return cls(task)

    def prepare_revived_task(self, task):
        for name in ("round", "level", "owner_id", "role_id", "is_added", "due_at", "attention_at"):
            setattr(task, name, getattr(self.task, name))
        task.status = STATUS.ASSIGNED if task.owner_id else STATUS.NEW


class Approve(flow.View):
    """A person's decision."""

    activation_class = ApproveActivation

    def can_assign(self, user, task):
        """Whoever holds the role may take a task that waits for it, unless the document is his own."""
        from flows.rights import may_take

        return task.owner_id is None and bool(may_take(user, task))


class ReviseActivation(ViewActivation):
    @classmethod
    def create(cls, flow_task, prev_activation, token, data=None, seed=None):
        process = prev_activation.process
        task = unsaved_task(
            flow_task, prev_activation, token, owner_id=process.submitter_id, status=STATUS.ASSIGNED, assigned=timezone.now()
        )
        task.save()
        return cls(task)


class Revise(flow.View):
    """Back on the submitter's desk."""

    activation_class = ReviseActivation


class CollectActivation(JoinActivation):
    """A join that reads its siblings once, and keeps the process that arrives."""

    __hash__ = object.__hash__

    def __eq__(self, other):
        return self is other

    @classmethod
    def create(cls, flow_task, prev_activation, token, data=None, seed=None):
        process = prev_activation.process
        waiting = flow_task.flow_class.task_class._default_manager.filter(
            process=process, flow_task=flow_task, status=STATUS.STARTED
        ).first()
        if waiting is None:
            base = token.get_base_split_token() if token.is_split_token() else token
            return cls(unsaved_task(flow_task, prev_activation, base))
        waiting.process = process
        waiting.previous.add(prev_activation.task)
        return cls(waiting)

    @Activation.status.super()
    def activate(self):
        if self.task.started is None:
            self.task.started = timezone.now()
            if not self.is_done():
                self.task.save()

    @cached_property
    def no_longer_asked(self):
        """The open tasks that the decisions so far make needless, or None while the level is undecided."""
        return self.flow_task._continue_on_condition(self)

    def is_done(self):
        return self.no_longer_asked is not None

    @Activation.status.transition(source=STATUS.STARTED, target=STATUS.DONE, conditions=[this.is_done])
    def complete(self):
        """Cancel whoever is still asked and go on."""
        self.cancel_active_tasks(self.no_longer_asked)
        self.task.finished = timezone.now()
        self.task.save()


class Collect(flow.Join):
    """Waits for a level. `continue_on_condition(activation)`: the open tasks to cancel once the level is decided, None before."""

    activation_class = CollectActivation
