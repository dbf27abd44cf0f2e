"""What the library can do, one verb or noun a module. A service adds to the session; its caller commits."""
