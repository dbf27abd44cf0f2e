"""How files come into the library, and how what is known of them is brought up to date."""
