import sys

# With PYTHONDONTWRITEBYTECODE in the environment, every worker of every run would compile all tests: half the time of
# their collection. Processes that the tests start still obey the variable.
sys.dont_write_bytecode = False
