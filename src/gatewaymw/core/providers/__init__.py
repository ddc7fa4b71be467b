"""Who can be asked: importing this package fills the table of providers."""

from .anthropic import ANTHROPIC as ANTHROPIC
from .cohere import COHERE as COHERE
from .compatible import compatible as compatible
from .mock import MOCK as MOCK
from .openai import OPENAI as OPENAI
from .registry import PROVIDERS as PROVIDERS
from .registry import provide as provide
from .registry import serving as serving
