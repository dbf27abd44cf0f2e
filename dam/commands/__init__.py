"""The commands, a module each, named as the command; see `dam.commands.shared.discovery`."""
