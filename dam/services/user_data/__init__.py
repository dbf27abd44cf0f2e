"""What the user has written about assets, and the collections that the user has made of them."""
