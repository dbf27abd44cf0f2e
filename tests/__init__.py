import sys

# To compile the tests is half of their collection, which every worker of every run would do, where
# PYTHONDONTWRITEBYTECODE is set.
sys.dont_write_bytecode = False
