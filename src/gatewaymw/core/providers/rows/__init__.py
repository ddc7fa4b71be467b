"""The providers that speak OpenAI's dialect, a row each: importing this package adds them to the table."""

from . import known as known
from . import media as media
from . import vectors as vectors
