"""What is learnt of a target from its answers, as values: state in, state out. It is held elsewhere."""
