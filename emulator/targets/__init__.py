"""Where a scenario or a load run happens: an emulator of its own, containers, or a deployed stack. They all look the
same.
"""

from emulator.targets.aws import aws_target
from emulator.targets.container import container_target
from emulator.targets.control import ControlClient
from emulator.targets.embedded import EmbeddedTarget
from emulator.targets.pipeline import Message, Pipeline
from emulator.targets.staging_settings import StagingSettings, read_settings
from emulator.targets.target import Target

__all__ = [
    "ControlClient",
    "EmbeddedTarget",
    "Message",
    "Pipeline",
    "StagingSettings",
    "Target",
    "aws_target",
    "container_target",
    "read_settings",
]
