"""Who can be asked: importing this package fills the table of providers."""

from . import rows as rows
from .anthropic import ANTHROPIC as ANTHROPIC
from .azure import AZURE_AI as AZURE_AI
from .azure import AZURE_OPENAI as AZURE_OPENAI
from .bedrock import BEDROCK as BEDROCK
from .cohere import COHERE as COHERE
from .compatible import compatible as compatible
from .google import GOOGLE as GOOGLE
from .jobs import ASSEMBLYAI as ASSEMBLYAI
from .jobs import BLACK_FOREST_LABS as BLACK_FOREST_LABS
from .jobs import LUMA as LUMA
from .jobs import REPLICATE as REPLICATE
from .mock import MOCK as MOCK
from .openai import OPENAI as OPENAI
from .registry import PROVIDERS as PROVIDERS
from .registry import provide as provide
from .registry import serving as serving
from .stability import STABILITY as STABILITY
from .vertex import VERTEX as VERTEX
