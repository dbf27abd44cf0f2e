"""Pure algorithms on 64-bit hashes and their Hamming distances."""
