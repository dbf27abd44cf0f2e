"""The source paths of assets: where files came from, and whether they are there as recorded."""
