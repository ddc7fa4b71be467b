"""What a config would do with a request, without a network: the real core in a world of words.

`script` reads who fails and how, `world` plays it on a clock of its own, `tree` draws what came of it.
"""

from .explanation import Explanation as Explanation
from .explanation import Rehearsal as Rehearsal
from .explanation import inbound_of as inbound_of
from .script import table_of as table_of
