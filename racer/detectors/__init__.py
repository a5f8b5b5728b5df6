"""What is wrong with what was recorded of an execution: a detector a file."""
