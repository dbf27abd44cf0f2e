"""Services of the library, in packages. A service adds to the session; its caller commits."""
