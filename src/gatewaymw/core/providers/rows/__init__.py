"""The providers that speak OpenAI's dialect, a row each: importing this package adds them to the table."""

from . import clouds as clouds
from . import converted as converted
from . import hosts as hosts
from . import known as known
from . import labs as labs
from . import local as local
from . import media as media
from . import platforms as platforms
from . import vectors as vectors
