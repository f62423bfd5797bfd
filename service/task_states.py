"""What the protocol's states mean to whoever waits for a task."""

from __future__ import annotations

from a2a.types import TaskState

TERMINAL = {
    TaskState.TASK_STATE_COMPLETED,
    TaskState.TASK_STATE_FAILED,
    TaskState.TASK_STATE_CANCELED,
    TaskState.TASK_STATE_REJECTED,
}
INTERRUPTED = {TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED}
"""It takes a message, and goes on with that."""
RESTING = TERMINAL | INTERRUPTED
"""Nothing happens until somebody asks for something."""
