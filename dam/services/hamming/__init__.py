"""Finding the perceptual hashes of the library within a Hamming distance, exactly."""
