"""The journal of operations, undo, the trash, and the removal of what no asset has."""
