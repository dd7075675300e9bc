"""The heap of timers, the runner of processes, delivery order and faults. Nothing here knows a service."""

from emulator.engine.calls import Dispatchable
from emulator.engine.delivery import CONTRACT, POLITE, DeliveryPolicy, DeliverySchedule
from emulator.engine.engine import Engine, Performer
from emulator.engine.faults import Fault, Faults
from emulator.engine.runner import Runner
from emulator.engine.task import Done, Task, TaskCancelled, Undo

__all__ = [
    "CONTRACT",
    "POLITE",
    "DeliveryPolicy",
    "DeliverySchedule",
    "Dispatchable",
    "Done",
    "Engine",
    "Fault",
    "Faults",
    "Performer",
    "Runner",
    "Task",
    "TaskCancelled",
    "Undo",
]
