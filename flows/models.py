"""The tables of approvals: chains as they are defined, routes as they were walked."""

from flows.definitions import ApprovalChain, ChainApprover, ChainCondition, ChainLevel, Match
from flows.records import ApprovalEvent, ApprovalProcess, ApprovalTask, Decision, DoneTask, MyTask, QueueTask, StartedByMe

__all__ = [
    "ApprovalChain",
    "ApprovalEvent",
    "ApprovalProcess",
    "ApprovalTask",
    "ChainApprover",
    "ChainCondition",
    "ChainLevel",
    "Decision",
    "DoneTask",
    "Match",
    "MyTask",
    "QueueTask",
    "StartedByMe",
]
