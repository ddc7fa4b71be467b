"""The routing machine: flows that say what to send, and what to make of the answers."""
