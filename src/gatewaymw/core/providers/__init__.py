"""Who can be asked: importing this package fills the table of providers."""

from . import rows as rows
from .anthropic import ANTHROPIC as ANTHROPIC
from .azure import AZURE_AI as AZURE_AI
from .azure import AZURE_OPENAI as AZURE_OPENAI
from .bedrock import BEDROCK as BEDROCK
from .cohere import COHERE as COHERE
from .compatible import compatible as compatible
from .google import GOOGLE as GOOGLE
from .handed import MESHY as MESHY
from .handed import MILVUS as MILVUS
from .handed import QDRANT as QDRANT
from .handed import TRIPO as TRIPO
from .mock import MOCK as MOCK
from .ollama import OLLAMA_NATIVE as OLLAMA_NATIVE
from .openai import OPENAI as OPENAI
from .palm import PALM as PALM
from .predibase import PREDIBASE as PREDIBASE
from .registry import PROVIDERS as PROVIDERS
from .registry import provide as provide
from .registry import serving as serving
from .triton import TRITON as TRITON
from .vertex import VERTEX as VERTEX
from .workers import WORKERS as WORKERS
