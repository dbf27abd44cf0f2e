"""What all commands share, and the command groups, one Typer sub-app a file."""
