"""SAM and CloudFormation templates, resolved and turned into the API calls that a user would make."""

from emulator.deploy.catalogue import CATALOGUE
from emulator.deploy.changes import Change, preview
from emulator.deploy.deployment import Deployment
from emulator.deploy.draft import Source
from emulator.deploy.errors import ProvisioningError, TemplateError, UnsupportedTemplate
from emulator.deploy.live import Live, Progress
from emulator.deploy.local import DeployedStack, deploy_template
from emulator.deploy.plan import Plan, make_plan
from emulator.deploy.resource_type import Made, Request, ResourceType
from emulator.deploy.scope import Environment
from emulator.deploy.teardown import Teardown
from emulator.deploy.template_source import read_source

__all__ = [
    "CATALOGUE",
    "Change",
    "DeployedStack",
    "Deployment",
    "Environment",
    "Live",
    "Made",
    "Plan",
    "Progress",
    "ProvisioningError",
    "Request",
    "ResourceType",
    "Source",
    "Teardown",
    "TemplateError",
    "UnsupportedTemplate",
    "deploy_template",
    "make_plan",
    "preview",
    "read_source",
]
